import { groupText, printable } from '../model/text.js';
import type { Report, Standing } from './report.js';
import { brokenText, budgetText, minutes, percent, utc } from './text.js';

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text from outside, as HTML has it between tags and in quotes. */
export const escapeHtml = (text: string): string =>
  printable(text).replace(/[&<>"']/g, (char) => escapes[char] ?? char);

const style = `:root{color-scheme:light dark;--fg:#1c2128;--dim:#59636e;--bg:#fff;--line:#d1d9e0;--good:#1a7f37;--bad:#c62828;--bar:#eaeef2}
@media (prefers-color-scheme:dark){:root{--fg:#e6edf3;--dim:#9198a1;--bg:#0d1117;--line:#3d444d;--good:#3fb950;--bad:#ff7b72;--bar:#21262d}}
body{margin:2rem auto;max-width:76rem;padding:0 1rem;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.4rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}p{color:var(--dim);margin:.25rem 0}
table{border-collapse:collapse;width:100%}th,td{padding:.3rem .75rem .3rem 0;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600;color:var(--dim);font-size:.85rem}.n{text-align:right;font-variant-numeric:tabular-nums}
.good{color:var(--good)}.bad{color:var(--bad)}.bar{background:var(--bar);height:.35rem;margin-top:.2rem}.bar div{height:100%;background:var(--good)}
.bar .bad{background:var(--bad)}ul{margin:0;padding:0;list-style:none}`;

/** A report as one page that needs nothing else: no script, no font, no style from elsewhere. */
export function reportHtml(
  report: Report,
  { file, notes }: { readonly file: string; readonly notes: readonly string[] },
): string {
  const rules = [...new Set(report.standings.map(({ rule }) => rule))];
  const sections = rules.map((rule) =>
    section(
      rule,
      report.standings.filter((one) => one.rule === rule),
    ),
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>SLA report</title>
<style>
${style}
</style>
</head>
<body>
<h1>SLA report</h1>
<p>${utc(report.from)} to ${utc(report.to)}, rules of ${escapeHtml(file)}</p>
${notes.map((note) => `<p>${escapeHtml(note)}</p>\n`).join('')}${sections.join('')}</body>
</html>
`;
}

const head = [
  'Group',
  'Held',
  'Windows',
  'Objective',
  'Budget left',
  'Alerts',
  'Firing',
  'MTTR',
  'Worst windows',
];
const numbers = new Set(['Windows', 'Objective', 'Budget left', 'Alerts', 'Firing', 'MTTR']);

const section = (alert: string, standings: readonly Standing[]): string => `<h2>${escapeHtml(alert)}</h2>
<table>
<thead><tr>${head.map((name) => `<th${numbers.has(name) ? ' class="n"' : ''}>${name}</th>`).join('')}</tr></thead>
<tbody>
${standings.map(row).join('\n')}
</tbody>
</table>
`;

function row(one: Standing): string {
  const objective =
    one.objective === null
      ? ''
      : `${percent(one.objective)}${one.met === null ? '' : one.met ? ' met' : ' missed'}`;
  const judgement = one.met === null ? '' : one.met ? ' good' : ' bad';
  const worst = one.worst.map(
    (window) => `<li>${utc(window.end)} ${escapeHtml(brokenText(one, window))}</li>`,
  );
  return `<tr><td>${escapeHtml(groupText(one.group))}</td><td>${percent(one.share)}${bar(one)}</td>${[
    `<td class="n">${one.judged}</td>`,
    `<td class="n${judgement}">${objective}</td>`,
    `<td class="n${judgement}">${budgetText(one.budgetLeft)}</td>`,
    `<td class="n">${one.alerts}</td>`,
    `<td class="n">${minutes(one.firing)}</td>`,
    `<td class="n">${minutes(one.mttr)}</td>`,
  ].join('')}<td><ul>${worst.join('')}</ul></td></tr>`;
}

function bar({ share, met }: Standing): string {
  if (share === null) return '';
  const width = Number((share * 100).toFixed(2));
  return `<div class="bar"><div${met === false ? ' class="bad"' : ''} style="width:${width}%"></div></div>`;
}
