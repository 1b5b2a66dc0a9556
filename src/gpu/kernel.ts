import { FoldinError } from '../errors.js';
import { namesIn, type Shader } from './layout.js';
import type { GpuTensor } from './memory.js';
import { hasSubgroupsOf8, withSpread } from './spread.js';

/** One shader with its override constants fixed: a pipeline, and the bind groups made for it so far. */
export class Kernel {
  readonly #groups = new Map<string, GPUBindGroup>();
  readonly #names: readonly string[];
  readonly #fields: ReturnType<typeof namesIn>;

  constructor(
    readonly shader: Shader,
    readonly pipeline: GPUComputePipeline,
    private readonly device: GPUDevice,
    private readonly layout: GPUBindGroupLayout,
  ) {
    this.#names = namesIn(shader.buffers).map(({ name }) => name);
    this.#fields = namesIn(shader.fields);
  }

  /** The bind group of these buffers, by the shader's names; made once per set of buffers. */
  bindGroup(tensors: Readonly<Record<string, GpuTensor>>, uniforms: GPUBuffer): GPUBindGroup {
    let key = '';
    for (const name of this.#names) {
      const tensor = tensors[name];
      if (tensor.freed) {
        throw new FoldinError('FREED', `${this.shader.name} was given ${name} after it was freed`, {
          remedy: 'Free a tensor after its last use, and return from scope() what is used outside it.',
        });
      }
      // With the length: a buffer that has gone back to the pool may be cut in another way the next time.
      key += `${bufferNumber(tensor.buffer)}+${tensor.offset}+${tensor.bytes},`;
    }
    const known = this.#groups.get(key);
    if (known) return known;
    const buffers = this.#names.map((name) => ({
      buffer: tensors[name].buffer,
      offset: tensors[name].offset,
      size: tensors[name].bytes,
    }));
    const params = { buffer: uniforms, size: 4 * this.#fields.length };
    const entries = [params, ...buffers].map((resource, binding) => ({ binding, resource }));
    const group = this.device.createBindGroup({ label: this.shader.name, layout: this.layout, entries });
    this.#groups.set(key, group);
    return group;
  }

  forgetBindGroups(): void {
    this.#groups.clear();
  }

  /** Writes the named fields of `struct Params` at a byte offset. */
  writeParams(view: DataView, at: number, values: Readonly<Record<string, number>>): void {
    this.#fields.forEach(({ name, isMarked: isFloat }, i) => {
      const value = values[name];
      if (value === undefined) throw misuse(`${this.shader.name} was given no ${name}`);
      if (isFloat) view.setFloat32(at + 4 * i, value, true);
      else view.setUint32(at + 4 * i, value, true);
    });
  }
}

const misuse = (message: string): FoldinError =>
  new FoldinError('SHAPE_MISMATCH', message, {
    remedy: 'This is a mistake in the calling code: see Ops in src/backend/ops.ts.',
  });

const numbers = new WeakMap<GPUBuffer, number>();
let lastNumber = 0;
function bufferNumber(buffer: GPUBuffer): number {
  let number = numbers.get(buffer);
  if (number === undefined) {
    number = ++lastNumber;
    numbers.set(buffer, number);
  }
  return number;
}

/** Compiles kernels on first use and keeps them. */
export class Kernels {
  readonly #kernels = new Map<string, Kernel>();
  readonly #starting = new Map<string, Promise<boolean>>();

  constructor(
    private readonly device: GPUDevice,
    private readonly report: (error: FoldinError) => void,
    private readonly hasSubgroups = hasSubgroupsOf8(device),
  ) {}

  get(shader: Shader, constants: Readonly<Record<string, number>>): Kernel {
    const key = keyOf(shader, constants);
    let kernel = this.#kernels.get(key);
    if (!kernel) {
      kernel = this.#compile(shader, constants);
      this.#kernels.set(key, kernel);
    }
    return kernel;
  }

  /** Compiles what these launches need, beside other work; false when the driver refuses any of it. */
  async prepare(launches: readonly KernelUse[]): Promise<boolean> {
    const compiled = await Promise.all(
      launches.map(({ shader, constants = {} }) => {
        const key = keyOf(shader, constants);
        if (this.#kernels.has(key)) return true;
        const started = this.#starting.get(key) ?? this.#start(key, shader, constants);
        this.#starting.set(key, started);
        return started.finally(() => this.#starting.delete(key));
      }),
    );
    return compiled.every(Boolean);
  }

  async #start(key: string, shader: Shader, constants: Readonly<Record<string, number>>): Promise<boolean> {
    const { device } = this;
    device.pushErrorScope('validation');
    const { layout, descriptor } = this.#describe(shader, constants);
    const refused = device.popErrorScope();
    const pipeline = await device.createComputePipelineAsync(descriptor).catch(() => undefined);
    if ((await refused) || !pipeline) return false;
    this.#kernels.set(key, new Kernel(shader, pipeline, device, layout));
    return true;
  }

  /** To be called when buffers are gone; groups are made again as they are needed. */
  forgetBindGroups(): void {
    for (const kernel of this.#kernels.values()) kernel.forgetBindGroups();
  }

  #compile(shader: Shader, constants: Readonly<Record<string, number>>): Kernel {
    const { device } = this;
    device.pushErrorScope('validation');
    const { layout, descriptor } = this.#describe(shader, constants);
    const pipeline = device.createComputePipeline(descriptor);
    void device.popErrorScope().then((error) => {
      if (!error) return;
      this.report(
        new FoldinError('SHADER_INVALID', `the driver refused the kernel ${shader.name}: ${error.message}`, {
          remedy: 'Update the graphics driver, or choose another adapter or --device cpu; please report it.',
        }),
      );
    });
    return new Kernel(shader, pipeline, device, layout);
  }

  #describe(
    shader: Shader,
    constants: Readonly<Record<string, number>>,
  ): { layout: GPUBindGroupLayout; descriptor: GPUComputePipelineDescriptor } {
    const { device } = this;
    const label = shader.name;
    const module = device.createShaderModule({ label, code: withSpread(shader.source, this.hasSubgroups) });
    const kinds = namesIn(shader.buffers).map(({ isMarked: isWritten }) => ({
      type: isWritten ? ('storage' as const) : ('read-only-storage' as const),
    }));
    const layout = device.createBindGroupLayout({
      label,
      entries: [{ type: 'uniform' as const, hasDynamicOffset: true }, ...kinds].map((buffer, binding) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer,
      })),
    });
    const descriptor = {
      label,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: 'main', constants: { ...constants } },
    };
    return { layout, descriptor };
  }
}

/** A shader with its override constants fixed. */
interface KernelUse {
  readonly shader: Shader;
  readonly constants?: Readonly<Record<string, number>>;
}

function keyOf(shader: Shader, constants: Readonly<Record<string, number>>): string {
  let key = shader.name;
  for (const name in constants) key += `|${constants[name]}`;
  return key;
}
