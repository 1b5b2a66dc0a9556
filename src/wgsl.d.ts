declare module '*.wgsl' {
  const shader: import('./gpu/layout.js').Shader;
  export default shader;
}

/** The package's version, put in by the build. */
declare const FOLDIN_VERSION: string;
