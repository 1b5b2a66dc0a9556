// Looks at an installed or unpacked package: every path that package.json or a file of dist names is there, and
// nothing that belongs to the repository only. `node scripts/checkPackage.mjs FOLDER`
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

const pathsIn = (value) =>
  typeof value === 'string' ? [value] : Object.values(value ?? {}).flatMap((inner) => pathsIn(inner));
const named = [manifest.exports, manifest.imports, manifest.bin].flatMap(pathsIn);
// Workers: `new URL('./FILE', import.meta.url)`.
const files = readdirSync(join(folder, 'dist'), { recursive: true }).filter((name) => name.endsWith('.js'));
const besides = files.flatMap((name) =>
  Array.from(
    readFileSync(join(folder, 'dist', name), 'utf8').matchAll(
      /new URL\(["'](\.[^"']+)["'],\s*import\.meta\.url\)/g,
    ),
    ([, path]) => join('dist', name, '..', path),
  ),
);
const missing = [...named, ...besides, 'README.md', 'CHANGELOG.md', 'LICENSE'].filter(
  (path) => !existsSync(join(folder, path)),
);
const wanted = new Set([...manifest.files, 'package.json', 'node_modules']);
const surplus = readdirSync(folder).filter((name) => !wanted.has(name));

for (const path of missing) console.log(`missing: ${path}`);
for (const name of surplus) console.log(`not asked for: ${name}`);
if (missing.length + surplus.length > 0) process.exitCode = 1;
else console.log(`${named.length} paths of package.json and ${besides.length} of dist are in the package`);
