/** What the `.wgsl` loader yields for one shader: its text and where each named thing sits. */
export interface Shader {
  readonly name: string;
  readonly source: string;
  readonly layout: KernelLayout;
}

export interface KernelLayout {
  readonly bindings: Readonly<Record<string, BindingLayout>>;
  readonly params: { readonly size: number; readonly fields: Readonly<Record<string, FieldLayout>> };
  readonly overrides: readonly string[];
}

export interface BindingLayout {
  readonly binding: number;
  readonly kind: 'uniform' | 'storage' | 'read-only-storage';
}

export interface FieldLayout {
  readonly offset: number;
  readonly type: 'u32' | 'i32' | 'f32';
}
