import { valueFault } from '../../launch/switches.ts';
import type { Rule } from './rule.ts';

/** Typed after `/go switch`, these are true and false. */
const ON_OFF: Readonly<Record<string, boolean>> = {
  on: true,
  true: true,
  yes: true,
  off: false,
  false: false,
  no: false,
};

/** What a switch may be set to must be settable, each told apart from the others as people type it. */
export const switchValues: Rule = ({ switches }) =>
  switches.flatMap(({ values = [] }, index) =>
    values.flatMap((value, at) => {
      const path = ['switches', index, 'values', at];
      const found = JSON.stringify(value);
      const typed = String(value).toLowerCase();
      if (typeof value === 'string' && ON_OFF[typed] !== undefined)
        return [{ path, found, expected: `${String(ON_OFF[typed])}, or another text: \`${typed}\` is typed for it` }];
      if (valueFault(value) !== null) return [{ path, found, expected: 'a text of 1 to 200 characters, without {{' }];
      const isTwice = values.findIndex((one) => String(one).toLowerCase() === typed) < at;
      return isTwice ? [{ path, found: `${found} a second time`, expected: 'each value once, whatever its case' }] : [];
    }),
  );
