import type { Compiled } from './compile.ts';

/** The audience of the launch before, of the same runbook. */
export interface Earlier {
  launchId: string;
  /** With those that were held out: who is left out on purpose is not missing. */
  devices: number;
}

const REJECTED_SHARE = 0.02;
const FALLBACK_SHARE = 0.01;
const SIZE_CHANGE = 0.2;

/**
 * What about a compiled audience a person should look at before it is the launch's: one sentence each, none for an audience like any other.
 * People on an opt-out list are meant to be left out, and duplicates lose nobody, so neither counts as rejected.
 */
export function acceptProblems(
  {
    rows,
    rejected,
    localesSaid,
    manifest: { devices, heldOut = 0 },
  }: Pick<Compiled, 'rows' | 'rejected' | 'localesSaid' | 'manifest'>,
  earlier: Earlier | null,
): string[] {
  const lost = Object.entries(rejected)
    .filter(([reason]) => reason !== 'OPTED_OUT')
    .toSorted((a, b) => b[1] - a[1]);
  const lostRows = lost.reduce((sum, [, count]) => sum + count, 0);
  const fallback = localesSaid.filter(({ fit }) => fit === 'fallback');
  const fallbackDevices = fallback.reduce((sum, { rows: count }) => sum + count, 0);
  const problems: string[] = [];
  if (lostRows > rows * REJECTED_SHARE) {
    problems.push(
      `${percent(lostRows / rows)} of the rows are rejected, ${number(lostRows)} of ${number(rows)} (${lost
        .slice(0, 3)
        .map(([reason, count]) => `${number(count)} ${reason}`)
        .join(', ')}); more than ${percent(REJECTED_SHARE)} is rarely meant`,
    );
  }
  const all = devices + heldOut;
  if (earlier !== null && Math.abs(all - earlier.devices) > earlier.devices * SIZE_CHANGE) {
    const change = (all - earlier.devices) / earlier.devices;
    problems.push(
      `${number(all)} devices${heldOut === 0 ? '' : ` (${number(heldOut)} of them held out)`} are ${percent(Math.abs(change))} ${change < 0 ? 'fewer' : 'more'} than the ${number(earlier.devices)} of ${earlier.launchId}, the last launch of this runbook; more than ${percent(SIZE_CHANGE)} is rarely meant`,
    );
  }
  if (fallbackDevices > devices * FALLBACK_SHARE) {
    const words = fallback
      .slice(0, 3)
      .map(({ said, rows: count }) => `${said === '' ? 'no locale' : said} ${number(count)}`)
      .join(', ');
    problems.push(
      `${percent(fallbackDevices / devices)} of the devices get the fallback language ${fallback[0]?.locale ?? ''}, ${number(fallbackDevices)} of ${number(devices)} (${words}); more than ${percent(FALLBACK_SHARE)} is rarely meant`,
    );
  }
  return problems;
}

/** Cut and not rounded up, so that 2.04 % doesn't read as the 2 % that it is more than. */
function percent(share: number): string {
  const value = share * 100;
  return `${value >= 10 || Number.isInteger(Math.round(value * 1e6) / 1e6) ? Number(value.toFixed(1)) : Number(value.toFixed(2))} %`;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
