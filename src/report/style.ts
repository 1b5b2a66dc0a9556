/** What stands for colours, tables, charts and cards, in reports and in the page alike; light and dark. */
export const SHARED_STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5a6675; --line: #d9dee5; --paper: #fff; --panel: #f6f7f9;
  --c1: #2a6fbb; --c2: #d9822b; --c3: #3c9d5d; --c4: #b5475d; --c5: #7b61b3; --c6: #1f9aa5; --c7: #a08a2c; --c8: #7a7f87;
  --c9: #d96fae; --c10: #8a5a3c; --c11: #6fbf3c; --c12: #2c3e78; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #9aa5b3; --line: #333c48; --paper: #14181e;
  --panel: #1b2129; --c1: #6aa9ee; --c2: #f0a45c; --c3: #6cc98b; --c4: #e58198; --c5: #ab95e0; --c6: #5cc7d1;
  --c7: #d2bc62; --c8: #a9afb8; --c9: #f2a0cf; --c10: #c79a7c; --c11: #a3e07a; --c12: #8fa0e0; } }
* { box-sizing: border-box; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .5rem 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: .5rem 0; font-size: .9rem; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
figure { margin: 1rem 0; padding: .75rem 1rem; background: var(--panel); border-radius: .5rem; break-inside: avoid; }
figcaption { font-weight: 600; margin-bottom: .25rem; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--ink); font-family: inherit; } svg .tick { font-size: 12px; fill: var(--soft); } svg .label { font-size: 13px; }
.grid { stroke: var(--line); } .line { fill: none; stroke-width: 2; } .whisker { stroke: var(--ink); stroke-width: 1.5; }
.dot { opacity: .7; }
${Array.from({ length: 12 }, (_, i) => `.c${i + 1} { fill: var(--c${i + 1}); } .line.c${i + 1} { fill: none; stroke: var(--c${i + 1}); } .key.c${i + 1} { background: var(--c${i + 1}); }`).join('\n')}
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; margin: .25rem 0; padding: 0; font-size: .85rem; }
.key { display: inline-block; width: .75rem; height: .75rem; border-radius: .15rem; margin-right: .35rem; }
details { margin: .5rem 0; font-size: .9rem; } summary { cursor: pointer; color: var(--soft); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 1rem; }
.card { background: var(--panel); border-radius: .5rem; padding: .75rem 1rem; break-inside: avoid; }
.card h3 { margin-top: 0; } .card ol, .card ul { margin: .25rem 0; padding-left: 1.25rem; }
@media (max-width: 560px) { svg .tick { font-size: 20px; } svg .label { font-size: 21px; }
  table { font-size: .8rem; } th, td { padding-right: .4rem; } td { overflow-wrap: anywhere; } td.number { overflow-wrap: normal; } }
`;

/** The report's one style sheet: calm, narrow and wide, and on paper. */
export const STYLE = `${SHARED_STYLE}
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 60rem; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.25rem; margin: 2.75rem 0 .5rem; padding-top: .75rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
p, .note { margin: .4rem 0; } .note, figcaption + .legend { color: var(--soft); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: 0; margin: .75rem 0 0; list-style: none; }
a { color: var(--c1); }
pre { overflow-x: auto; background: var(--panel); padding: .75rem; border-radius: .5rem; font-size: .8rem; }
@media print { :root { color-scheme: light; } body { max-width: none; font-size: 11pt; } details:not([open]) { display: none; } nav { display: none; } }
`;
