// Writes dist/app/: the page as static files, which any host may serve from any folder. Scripts are minified, style
// is the report's shared part and the page's own; nothing is inline, so that its policy can forbid what is.
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { build, transform } from 'esbuild';

/** What the page has instead of files of hyparquet: filters, geometry and variants, which reading a log does not use. */
const UNUSED_OF_HYPARQUET = {
  filter: `
    const none = (filter) => {
      if (filter) throw new Error('the page has no filters');
      return [];
    };
    export { none as pathsNeededForFilter, none as columnsNeededForFilter };
    export const canSkipRowGroup = ({ filter }) => none(filter).length > 0;
    export const matchFilter = (_, filter) => none(filter).length === 0;
    export const filterPageRanges = none;`,
  geoparquet: "export const markGeoColumns = () => { throw new Error('the page has no geometry'); };",
  variant: "export const decodeVariantColumn = () => { throw new Error('the page has no variants'); };",
  wkb: "export const wkbToGeojson = () => { throw new Error('the page has no geometry'); };",
};
const withoutUnused = {
  name: 'without-unused',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]hyparquet[\\/]src[\\/](filter|geoparquet|variant|wkb)\.js$/ }, ({ path }) => ({
      contents: UNUSED_OF_HYPARQUET[/(\w+)\.js$/.exec(path)[1]],
    }));
  },
};

/** `common`: the options that all builds share; `at`: a path of the repository. */
export async function buildApp(common, at) {
  const folder = at('dist/app');
  await mkdir(folder, { recursive: true });
  const script = (entry, name) =>
    build({
      ...common,
      plugins: [...common.plugins, withoutUnused],
      platform: 'browser',
      minify: true,
      sourcemap: false,
      outfile: `${folder}/${name}.js`,
      entryPoints: [at(entry)],
      alias: {
        '#adapter': at('src/gpu/adapter.browser.ts'),
        '#planThread': at('src/app/worker/noPlanThread.ts'),
        'hyparquet-compressors/src/brotli.js': at('src/app/worker/noBrotli.ts'),
      },
    });
  // Each in one file: a part that is loaded later would be a request after the page was loaded.
  await script('src/app/main.ts', 'app');
  await script('src/app/worker.ts', 'worker');
  await writeFile(`${folder}/style.css`, await styleSheet(common, at));
  for (const name of ['index.html', 'icon.svg']) await copyFile(at(`src/app/${name}`), `${folder}/${name}`);
}

async function styleSheet(common, at) {
  const { outputFiles } = await build({
    ...common,
    sourcemap: false,
    write: false,
    entryPoints: [at('src/report/style.ts')],
  });
  const module = `data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`;
  const { SHARED_STYLE } = await import(module);
  const own = await readFile(at('src/app/style.css'), 'utf8');
  const { code } = await transform(`${SHARED_STYLE}\n${own}`, { loader: 'css', minify: true });
  return code;
}
