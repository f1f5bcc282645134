import type { Totals } from '../launch/entries.ts';
import { DEVICE_STATES } from '../launch/entries.ts';
import { stamp } from './clock.ts';
import { number } from './describe.ts';
import { foreign, markup } from './html.ts';
import type { Html } from './html.ts';
import type { Timeline } from './model.ts';
import type { ShotRow } from './shot-rows.ts';
import { contentTitle } from './texts.ts';
import type { Content } from './texts.ts';
import { badTokensCommand } from './timeline.ts';

/** What was fired and what it said, as parts of the page. */

/** Accepted devices by slot of 100 ms since GO, in order. */
export type Curve = readonly (readonly [slot: number, accepted: number])[];

export function shotsPart(
  { shots: rows, notReached, neverFired, badTokens, launchId }: Timeline,
  curves: Readonly<Record<string, Curve>>,
): Html {
  if (rows.length === 0) return markup`<section id="shots"><h2>Shots</h2><p>Nothing was fired.</p></section>`;
  const command = markup`<code>${badTokensCommand(launchId)}</code>`;
  return markup`<section id="shots"><h2>Shots</h2>
    <div class="cards">${rows.map((shot) => card(shot, curves[shot.shotId] ?? []))}</div>
    ${notReached === '' ? '' : markup`<p>Not reached at the end: ${notReached}</p>`}
    ${neverFired === '' ? '' : markup`<p>${neverFired}</p>`}
    ${badTokens === 0 ? '' : markup`<p>Tokens refused for good: ${number(badTokens)}. For the next launch's skip list: ${command}</p>`}
    </section>`;
}

/** A moment that programs read, too, and that the page shows in the reader's zone. */
export const momentPart = (atMs: number): Html =>
  markup`<time datetime="${new Date(atMs).toISOString()}" data-at="${atMs}">${stamp(atMs)} UTC</time>`;

function card(shot: ShotRow, curve: Curve): Html {
  const at = momentPart(shot.pressedAtMs);
  return markup`<article id="shot-${shot.shotId}">
    <h3>${shot.shotId} <span>${foreign(shot.segments)}</span></h3>
    <p class="who">GO by ${foreign(shot.goBy)} at ${at}, asked by ${foreign(shot.askedBy)}, ${number(shot.devices)} devices${shot.heldOut}</p>
    ${shot.totals === null ? '' : shares(shot.totals)}
    <p class="result">${shot.result}</p>
    ${shot.missed === '' ? '' : markup`<p class="bad"><strong>${shot.missed}</strong></p>`}
    ${curve.length === 0 ? '' : curvePicture(curve, shot)}
    ${shot.speed === '-' ? '' : markup`<p class="speed">${shot.speed}</p>`}
    </article>`;
}

/** Devices by final state, as one bar. */
function shares(totals: Totals): Html {
  const all = DEVICE_STATES.reduce((sum, state) => sum + totals[state], 0);
  let at = 0;
  const parts = DEVICE_STATES.filter((state) => totals[state] > 0).map((state) => {
    const width = (totals[state] / all) * 1_000;
    at += width;
    return markup`<rect class="${state}" x="${(at - width).toFixed(2)}" width="${width.toFixed(2)}" height="10">
      <title>${number(totals[state])} ${state}</title></rect>`;
  });
  return markup`<svg class="shares" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label="Devices by final state">${parts}</svg>`;
}

/** The delivery curve: share of the shot's devices accepted, over the time since GO, and where it was halted. */
export function curvePicture(curve: Curve, { devices, haltAfterMs }: Pick<ShotRow, 'devices' | 'haltAfterMs'>): Html {
  const slots = (curve.at(-1)?.[0] ?? 0) + 1;
  let accepted = 0;
  const points = curve.map(([slot, more]) => {
    const before = accepted;
    accepted += more;
    const y = (count: number) => (100 - (count / Math.max(1, devices)) * 100).toFixed(1);
    return `L${((slot / slots) * 400).toFixed(1)} ${y(before)}L${(((slot + 1) / slots) * 400).toFixed(1)} ${y(accepted)}`;
  });
  const halt = haltAfterMs === null || haltAfterMs > slots * 100 ? null : Math.max(0, haltAfterMs);
  const label = `Delivery curve: ${number(accepted)} of ${number(devices)} devices accepted within ${(slots / 10).toFixed(1)} s of GO${halt === null ? '' : `, halted ${seconds(halt)} after it`}`;
  const at = ((halt ?? 0) * 4) / slots;
  return markup`<figure>
    <svg class="curve" viewBox="0 0 400 100" preserveAspectRatio="none" role="img" aria-label="${label}">
    <path d="M0 100${points.join('')}L400 100Z"></path>${halt === null ? '' : markup`<line x1="${at.toFixed(1)}" x2="${at.toFixed(1)}" y1="0" y2="100"></line>`}</svg>
    <figcaption><span>GO</span><span>accepted, share of ${number(devices)}${halt === null ? '' : markup`, <b>HALT after ${seconds(halt)}</b>`}</span><span>${(slots / 10).toFixed(1)} s</span></figcaption>
    </figure>`;
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

export function textsPart(contents: readonly Content[]): Html {
  if (contents.length === 0) return markup``;
  return markup`<section id="texts"><h2>Texts</h2>${contents.map(content)}</section>`;
}

function content(one: Content): Html {
  const rows = one.texts.map(
    ({ locale, title, subtitle, body, devices }) =>
      markup`<tr><th scope="row">${locale}</th>
        <td dir="auto" data-head="title"><span><b>${title}</b>${subtitle === '' ? '' : markup`<br>${subtitle}`}</span></td>
        <td dir="auto" data-head="text">${body}</td>
        ${devices.map((count, at) => markup`<td class="count" data-head="devices in ${one.shots[at] ?? ''}">${count}</td>`)}</tr>`,
  );
  const heads = one.shots.map((shotId) => markup`<th scope="col" class="count">devices in ${shotId}</th>`);
  return markup`<h3>${contentTitle(one)}</h3>
    <div class="scroll"><table>
    <thead><tr><th scope="col">locale</th><th scope="col">title</th><th scope="col">text</th>${heads}</tr></thead>
    <tbody>${rows}</tbody>
    </table></div>
    <p class="beside">With it: ${foreign(one.beside)}</p>
    ${one.notes.map((note) => markup`<p class="beside">${note}</p>`)}`;
}
