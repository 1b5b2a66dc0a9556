// Keeps the components of `value` at the columns 4 c .. 4 c + 3 that exist; padding becomes zero.
fn keepColumns(value: vec4f, c: u32, columns: u32) -> vec4f {
  return select(vec4f(0.0), value, 4u * c + vec4u(0u, 1u, 2u, 3u) < vec4u(columns));
}

// The same with `lowest` in place of the padding.
fn lowerColumns(value: vec4f, c: u32, columns: u32, lowest: f32) -> vec4f {
  return select(vec4f(lowest), value, 4u * c + vec4u(0u, 1u, 2u, 3u) < vec4u(columns));
}
