/** What UpdateItem refuses of a sum, which dynalite stores whatever it is: a number has 38 digits and a magnitude from 1e-130 to 9.99…e125 (docs/facts.md#dynamodb-sums). */

const DIGITS = 38;
const LARGEST = 125;
const SMALLEST = -130;

const OVERFLOW = 'Number overflow. Attempting to store a number with magnitude larger than supported range';
const UNDERFLOW = 'Number underflow. Attempting to store a number with magnitude smaller than supported range';

/** Whether an update adds or takes away: a cheap look, which may say so of one that does not. */
export const mayAdd = ({ UpdateExpression: expression, AttributeUpdates: old }: Record<string, unknown>): boolean =>
  old !== undefined || (typeof expression === 'string' && /[+-]|\badd\b/i.test(expression));

/** What DynamoDB says of the first number of an item that it can't hold; null: it holds them all. Too many digits are an overflow to it, too. */
export function sumProblem(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null;
  for (const [type, one] of Object.entries(value)) {
    const problem = type === 'N' && typeof one === 'string' ? numberProblem(one) : sumProblem(one);
    if (problem !== null) return problem;
  }
  return null;
}

/** Of a number without an exponent, as dynalite writes them. */
function numberProblem(written: string): string | null {
  const [whole = '', part = ''] = written.replace(/^-/, '').split('.');
  const digits = `${whole}${part}`;
  const first = digits.search(/[1-9]/);
  if (first < 0) return null;
  const magnitude = whole.length - 1 - first;
  if (magnitude < SMALLEST) return UNDERFLOW;
  return magnitude > LARGEST || digits.slice(first).replace(/0+$/, '').length > DIGITS ? OVERFLOW : null;
}

type Done = (error: unknown) => void;
interface Items {
  lock: (...args: unknown[]) => unknown;
  get: (...args: unknown[]) => unknown;
  put: (key: unknown, item: unknown, done: Done) => void;
}

/** The same store for one update, in which an item that DynamoDB could not hold is refused where it would be written. No table of ours has an index, which dynalite writes before. */
export function withSumsRefused<S extends object>(store: S, refused: (say: string) => unknown): S {
  const { getItemDb } = store as unknown as { getItemDb: (table: string) => Items };
  return Object.assign(Object.create(store) as S, {
    getItemDb(table: string): Items {
      const items = getItemDb(table);
      return {
        lock: (...args) => items.lock(...args),
        get: (...args) => items.get(...args),
        put(key, item, done) {
          const say = sumProblem(item);
          if (say === null) items.put(key, item, done);
          else done(refused(say));
        },
      };
    },
  });
}
