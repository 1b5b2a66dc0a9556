// The one .wgsl loader, shared by esbuild (build) and vitest (tests): a shader becomes
// {name, source, layout}. Reflection happens here, at build time, so that the host binds
// buffers and uniform fields by name and never writes a binding number or a byte offset.
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js';

const INCLUDE = /^\/\/ #include "([\w./]+)"[ \t]*$/gm;

/** Reads a shader and replaces each `// #include "file"` line by that file (relative to the shader). */
export async function readShader(path) {
  const text = await readFile(path, 'utf8');
  const files = [...text.matchAll(INCLUDE)].map((match) => join(dirname(path), match[1]));
  const parts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  let next = 0;
  return { source: text.replace(INCLUDE, () => parts[next++].trimEnd()), files };
}

/** Bindings by name, uniform fields by name with their byte offsets, override names. */
export function reflect(name, source) {
  const shader = new WgslReflect(source);
  const bindings = {};
  for (const uniform of shader.uniforms)
    bindings[uniform.name] = { binding: uniform.binding, kind: 'uniform' };
  for (const buffer of shader.storage) {
    bindings[buffer.name] = {
      binding: buffer.binding,
      kind: buffer.access === 'read_write' ? 'storage' : 'read-only-storage',
    };
  }
  const params = shader.uniforms[0];
  const fields = {};
  for (const member of params?.members ?? []) {
    if (!['u32', 'i32', 'f32'].includes(member.type.name)) {
      throw new Error(
        `${name}.wgsl: field ${member.name} is ${member.type.name}; Params holds u32, i32 and f32 only`,
      );
    }
    fields[member.name] = { offset: member.offset, type: member.type.name };
  }
  if (shader.entry.compute.length !== 1 || shader.entry.compute[0].name !== 'main') {
    throw new Error(`${name}.wgsl: a kernel has exactly one entry point, "main"`);
  }
  return {
    bindings,
    params: { size: params?.size ?? 0, fields },
    overrides: shader.overrides.map((item) => item.name),
  };
}

/**
 * Without comments, indents and blanks around signs, which are a third of a shader; the lines stay, for a driver's
 * complaints name them. Behind a ">" a blank stays, too: it may end a template, and ">=" is another sign.
 */
const shortened = (source) =>
  source
    .replace(/[ \t]*\/\/.*$/gm, '')
    .replace(/^[ \t]+/gm, '')
    .replace(/(?<![>\s]) ?([=,;:{}()+]) ?/g, '$1');

async function load(path) {
  const name = basename(path, '.wgsl');
  const { source, files } = await readShader(path);
  const code = `export default ${JSON.stringify({ name, source, layout: reflect(name, source) })};`;
  return { code, files };
}

/**
 * The same, shortened, and with what several shaders include as a module of its own: a bundle that is minified then holds
 * it once, and puts sources together when it starts.
 */
async function loadShortened(path) {
  const name = basename(path, '.wgsl');
  const { source, files } = await readShader(path);
  const own = (await readFile(path, 'utf8')).split(INCLUDE).filter((_, i) => i % 2 === 0);
  const imports = files.map((file, i) => `import part${i} from ${JSON.stringify(`${file}?part`)};`);
  const parts = own.flatMap((text, i) => [
    JSON.stringify(shortened(text)),
    ...(i < files.length ? [`part${i}`] : []),
  ]);
  const layout = JSON.stringify(reflect(name, source));
  const code = `${imports.join('\n')}\nexport default {name: ${JSON.stringify(name)}, source: ${parts.join(' + ')}, layout: ${layout}};`;
  return { code, files };
}

/** The esbuild plugin; what is minified gets shorter shaders, too. */
export const wgslEsbuild = {
  name: 'wgsl',
  setup(build) {
    build.onLoad({ filter: /\.wgsl$/, namespace: 'file' }, async ({ path }) => {
      const { code, files } = await (build.initialOptions.minify ? loadShortened(path) : load(path));
      return { contents: code, loader: 'js', watchFiles: [path, ...files] };
    });
    build.onResolve({ filter: /\.wgsl\?part$/ }, ({ path }) => ({
      path: path.slice(0, -'?part'.length),
      namespace: 'wgsl-part',
    }));
    build.onLoad({ filter: /./, namespace: 'wgsl-part' }, async ({ path }) => ({
      contents: shortened((await readFile(path, 'utf8')).trimEnd()),
      loader: 'text',
      watchFiles: [path],
    }));
  },
};

/** The vite (vitest) plugin. */
export const wgslVite = {
  name: 'wgsl',
  enforce: 'pre',
  async load(id) {
    const path = id.split('?')[0];
    if (!path.endsWith('.wgsl')) return null;
    const { code, files } = await load(path);
    for (const file of files) this.addWatchFile(file);
    return code;
  },
};
