// The one .wgsl loader, shared by esbuild (build) and vitest (tests): a shader becomes
// {name, source, buffers, fields}. Reflection happens here, at build time, so that the host binds
// buffers and uniform fields by name and never writes a binding number or a byte offset.
import { readdir, readFile } from 'node:fs/promises';
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

/** What the host needs of it, see src/gpu/layout.ts; an error where a shader does not keep to that order. */
function packed(name, { bindings, params }) {
  const inOrder = Object.entries(bindings).sort(([, a], [, b]) => a.binding - b.binding);
  const buffers = inOrder.filter(([, { kind }]) => kind !== 'uniform');
  const fields = Object.entries(params.fields);
  if (params.size > 0) {
    const isInOrder = inOrder.every(
      ([, { binding, kind }], i) => binding === i && (kind === 'uniform') === (i === 0),
    );
    if (!isInOrder) throw new Error(`${name}.wgsl: bindings should be 0, 1, 2, ..., struct Params the first`);
    if (fields.some(([, { offset }], i) => offset !== 4 * i))
      throw new Error(`${name}.wgsl: Params has a gap`);
  }
  return {
    buffers: buffers.map(([buffer, { kind }]) => (kind === 'storage' ? `>${buffer}` : buffer)).join(' '),
    fields: fields.map(([field, { type }]) => (type === 'f32' ? `~${field}` : field)).join(' '),
  };
}

/**
 * Short names for all that a folder's shaders declare but overrides, the same in all of them, the shortest for the most used:
 * the host binds buffers and fields by their place.
 */
async function shortNames(folder) {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.wgsl')).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  const all = texts.join('\n').replace(/\/\/.*$/gm, '');
  const found = (pattern) => new Set([...all.matchAll(pattern)].map((match) => match[1]));
  const functions = found(/\bfn\s+(\w+)/g);
  const declared = new Set([
    ...functions,
    ...found(/\b(?:let|const|var(?:<[^>]*>)?)\s+(\w+)/g),
    ...[...all.matchAll(/\b(?:fn\s+\w+\(|struct\s+\w+\s*\{)([^{}]*)/g)].flatMap(([, list]) =>
      Array.from(list.matchAll(/(\w+)\s*:/g), ([, name]) => name),
    ),
  ]);
  const known = new Set(['main', ...found(/@builtin\((\w+)\)/g), ...found(/\boverride\s+(\w+)/g)]);
  for (const [, inside] of all.matchAll(/\bvar<([^>]*)>/g))
    for (const name of inside.split(/\W+/)) known.add(name);
  // WGSL's own functions and attributes.
  for (const name of found(/\b(\w+)\s*\(/g)) if (!functions.has(name)) known.add(name);
  const counts = new Map();
  const words = all.match(/\b[A-Za-z_]\w*/g);
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const longest = [...declared].filter((name) => !known.has(name) && name.length > 2);
  const gain = (name) => counts.get(name) * name.length;
  longest.sort((a, b) => gain(b) - gain(a) || (a < b ? -1 : 1));
  const free = candidates(new Set(words));
  return new Map(longest.map((name) => [name, free.next().value]));
}

/** a, b, ... Z, aa, ab, ... but for the words there are, and those that WGSL reserves. */
function* candidates(taken) {
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  for (const first of ['', ...letters]) {
    for (const last of letters) {
      const name = first + last;
      if (!taken.has(name) && !['as', 'do', 'fn', 'if', 'of'].includes(name)) yield name;
    }
  }
}

/**
 * Without comments, indents and spaces that separate nothing, which are a good third of a shader, and with short names; the
 * lines stay, for a driver's complaints name them. So do the spaces of "> =", which ends a template, for ">=" is another
 * sign, and those of "-", for so is "--", and some readers take "]-1" for a number.
 */
export const shortened = (source, names) =>
  source
    .replace(/[ \t]*\/\/.*$/gm, '')
    .replace(/^[ \t]+/gm, '')
    .replace(/(?<!\w)[A-Za-z_]\w*/g, (word) => names.get(word) ?? word)
    .replace(/> = | *([,;:{}()=<>+|%]) */g, (_, sign) => sign ?? '> =')
    .replace(/(?<=[\w)\]]) ?(&&|->|[*/&^!]=?) ?(?=[\w(])/g, '$1');

const namesOf = new Map();
/** The short names of the folder a shader is in; worked out once. */
export function shortNamesFor(path) {
  const folder = dirname(path);
  if (!namesOf.has(folder)) namesOf.set(folder, shortNames(folder));
  return namesOf.get(folder);
}

async function load(path) {
  const name = basename(path, '.wgsl');
  const { source, files } = await readShader(path);
  const code = `export default ${JSON.stringify({ name, source, ...packed(name, reflect(name, source)) })};`;
  return { code, files };
}

/**
 * The same, shortened, and with what several shaders include as a module of its own: a bundle that is minified then holds
 * it once, and puts sources together when it starts.
 */
async function loadShortened(path) {
  const name = basename(path, '.wgsl');
  const names = await shortNamesFor(path);
  const { source, files } = await readShader(path);
  const own = (await readFile(path, 'utf8')).split(INCLUDE).filter((_, i) => i % 2 === 0);
  const imports = files.map((file, i) => `import part${i} from ${JSON.stringify(`${file}?part`)};`);
  const parts = own.flatMap((text, i) => [
    JSON.stringify(shortened(text, names)),
    ...(i < files.length ? [`part${i}`] : []),
  ]);
  const shader = JSON.stringify({ name, ...packed(name, reflect(name, source)) });
  const code = `${imports.join('\n')}\nexport default {...${shader}, source: ${parts.join(' + ')}};`;
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
    // Parts have the names of the folder of the shaders that include them.
    build.onResolve({ filter: /\.wgsl\?part$/ }, ({ path, importer }) => ({
      path: path.slice(0, -'?part'.length),
      namespace: 'wgsl-part',
      pluginData: importer,
    }));
    build.onLoad({ filter: /./, namespace: 'wgsl-part' }, async ({ path, pluginData: shader }) => ({
      contents: shortened((await readFile(path, 'utf8')).trimEnd(), await shortNamesFor(shader)),
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
