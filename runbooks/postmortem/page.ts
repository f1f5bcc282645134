import { relative, stamp } from '../record/clock.ts';
import { foreign, htmlFile, markup } from '../record/html.ts';
import type { Html } from '../record/html.ts';
import type { Timeline } from '../record/model.ts';
import { curvePicture } from '../record/page-shots.ts';
import type { Curve } from '../record/page-shots.ts';
import { linkPart, pageHead } from '../record/page.ts';
import { withAws } from '../record/timeline.ts';
import type { Block, Proof, Question, Section } from './document.ts';
import type { Postmortem } from './postmortem.ts';

export interface PostmortemParts {
  style: string;
  /** sha256 in base64: the page wears nothing but what has this hash, and runs nothing. */
  sha256: (text: string) => string;
  curves: Readonly<Record<string, Curve>>;
}

/** The postmortem as one HTML file that needs nothing else and runs nothing: what the Markdown says, and the delivery curves. */
export function postmortemPage({ timeline, notices, sections, evidence }: Postmortem, parts: PostmortemParts): string {
  const { style, sha256, curves } = parts;
  const rows = evidence.map(
    ({ id, row }) => markup`<tr id="${id}"><th scope="row">${id}</th>
      <td>${stamp(row.atMs)}<br><i>${relative(row.atMs - timeline.targetAtMs)}</i></td>
      <td dir="auto">${row.who}</td><td dir="auto">${withAws(row)}${linkPart(row)}</td>
      <td><code>${row.place?.hash.slice(0, 16) ?? ''}</code></td></tr>`,
  );
  const body = markup`<body class="postmortem">
    <header><p class="beside">Postmortem</p>${pageHead(timeline)}</header>
    <main>
    ${notices.map(({ text, proof }) => markup`<p class="notice"><strong>${foreign(text)}</strong>${proofPart(proof)}</p>`)}
    <nav>${[...sections, { id: 'evidence', title: 'Evidence' }].map(({ id, title }) => markup`<a href="#${id}">${title}</a> `)}</nav>
    ${sections.map((section) => sectionPart(section, timeline, curves))}
    <section id="evidence"><h2>Evidence</h2><div class="scroll"><table>
    <thead><tr>${['place', 'at (UTC)', 'who', 'what', 'hash'].map((cell) => markup`<th scope="col">${cell}</th>`)}</tr></thead>
    <tbody>${rows}</tbody></table></div></section>
    </main>
    </body>`;
  return htmlFile({ title: `${timeline.name}: postmortem`, style, script: null, sha256, body });
}

function sectionPart({ id, title, blocks }: Section, timeline: Timeline, curves: PostmortemParts['curves']): Html {
  return markup`<section id="${id}"><h2>${title}</h2>${blocks.map((block) => blockPart(block, timeline, curves))}</section>`;
}

/** A section that is a page of its own; it has no curves. */
export const sectionAlone = ({ id, title, blocks }: Section): Html =>
  markup`<section id="${id}"><h1>${title}</h1>${blocks.map((block) => blockPart(block, { shots: [] }, {}))}</section>`;

function blockPart(block: Block, { shots }: Pick<Timeline, 'shots'>, curves: PostmortemParts['curves']): Html {
  switch (block.kind) {
    case 'heading':
      return markup`<h3>${foreign(block.text)}</h3>`;
    case 'remark':
      return markup`<p class="beside">${foreign(block.text)}</p>`;
    case 'list':
      return markup`<ul>${block.statements.map(({ text, proof }) => markup`<li>${foreign(text)}${proofPart(proof)}</li>`)}</ul>`;
    case 'questions':
      return markup`<ul class="asked">${block.questions.map(questionPart)}</ul>`;
    case 'table':
      return tablePart(block);
    case 'curves':
      return markup`${shots.flatMap((shot) => {
        const { shotId } = shot;
        const curve = curves[shotId] ?? [];
        return curve.length === 0 ? [] : [markup`<h3>${shotId}</h3>${curvePicture(curve, shot)}`];
      })}`;
    default:
      return block satisfies never;
  }
}

function questionPart({ question, answers }: Question): Html {
  return markup`<li>${foreign(question)}${answers.map(
    ({ by, words, proof }) => markup`<blockquote><p class="beside">${foreign(by)}${proofPart(proof)}</p>
      ${words.split('\n').map((line) => markup`<div dir="auto">${line}</div>`)}</blockquote>`,
  )}</li>`;
}

function tablePart({ head, figures, rows }: Extract<Block, { kind: 'table' }>): Html {
  const hasProof = rows.some(({ proof }) => proof.length > 0);
  const kind = (at: number): Html => (at < head.length - figures ? markup`` : markup` class="count"`);
  const line = ({ cells, proof }: (typeof rows)[number]): Html => markup`<tr>
    ${cells.map((cell, at) => markup`<td dir="auto" data-head="${head[at] ?? ''}"${kind(at)}>${cell}</td>`)}
    ${hasProof ? markup`<td class="from" data-head="evidence">${proofPart(proof)}</td>` : ''}</tr>`;
  return markup`<div class="scroll"><table>
    <thead><tr>${head.map((cell, at) => (cell === '' ? markup`<td></td>` : markup`<th scope="col"${kind(at)}>${cell}</th>`))}${hasProof ? markup`<th scope="col">evidence</th>` : ''}</tr></thead>
    <tbody>${rows.map(line)}</tbody></table></div>`;
}

const proofPart = (proof: readonly Proof[]): Html =>
  proof.length === 0
    ? markup``
    : markup` <span class="proof">${[...new Set(proof)].map((id) => markup`<a href="#${id}">${id}</a> `)}</span>`;
