/** Whether the eight threads of a workgroup hear each other in every kernel of this device. */
export function hasSubgroupsOf8(device: GPUDevice): boolean {
  if (!device.features.has('subgroups')) return false;
  const { subgroupMinSize, subgroupMaxSize } = device.adapterInfo;
  return subgroupMinSize === 8 && subgroupMaxSize === 8;
}

/**
 * A kernel's text with `spread(own, thread, at)` before it: what that one of eight threads gave as `own`, which is a[at].
 * Without subgroups of eight each thread reads it there: slower on Mesa lavapipe (`npm run bench:kernels -- --sides register,apart`),
 * and on SwiftShader as fast as asking one of four. WGSL has no other way to say it: a module that names subgroups is refused where there are none.
 * On one line with what follows, for drivers name lines.
 */
export function withSpread(source: string, hasSubgroups: boolean): string {
  if (!source.includes('spread(')) return source;
  const body = hasSubgroups ? 'subgroupShuffle(own, thread)' : 'a[at]';
  const spread = `fn spread(own: vec4f, thread: u32, at: u32) -> vec4f { return ${body}; }`;
  return `${hasSubgroups ? 'enable subgroups; ' : ''}${spread} ${source}`;
}
