/** What `#adapter` offers; one file for Node (adapter.node.ts), one for pages (adapter.browser.ts). */
export interface AdapterModule {
  /**
   * An adapter, or null when there is none. NO_WEBGPU when the runtime has no WebGPU at all.
   * `software` asks for WebGPU on the CPU; otherwise the best adapter, which may be a software one.
   */
  requestAdapter(request: AdapterRequest): Promise<GPUAdapter | null>;
  /** Names of all adapters, where the runtime can list them (Node only). */
  adapterNames(): Promise<string[]>;
}

export interface AdapterRequest {
  readonly software: boolean;
  /** Part of the adapter's name, to choose among several (Node only). */
  readonly name?: string;
  /** Leaves out the checks that keep kernels within their buffers (Node only). */
  readonly unsafeNoRobustness?: boolean;
}
