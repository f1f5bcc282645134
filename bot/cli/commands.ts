/**
 * The command line's commands, each by the lines of its usage, which help prints: what options a line names, its command
 * takes, and no other.
 */
export const COMMANDS = {
  keygen: ['--out operator.pem'],
  launches: [''],
  status: ['--launch ID'],
  people: ['--launch ID'],
  gates: ['--launch ID'],
  stats: ['--launch ID'],
  timeline: ['--launch ID'],
  'fire request': [
    '--launch ID --segments us-ios,us-android|all --key operator.pem [--lift]',
    '--launch ID --lift --key operator.pem',
  ],
  'fire approve': ['--launch ID [--order F12] --key operator.pem [--yes]'],
  // A hand in a hurry types --yes behind everything, and a halt is the last thing to be refused for it.
  halt: ['--launch ID [--reason TEXT] [--key operator.pem] [--yes]'],
  'lift request': ['--launch ID --reason TEXT --key operator.pem'],
  'lift approve': ['--launch ID --key operator.pem'],
  'take-over request': ['--launch ID --reason TEXT --key operator.pem'],
  'take-over approve': ['--launch ID --key operator.pem [--yes]'],
  'keys request': ['--launch ID --bot KEYS --worker KEYS --reason TEXT --key operator.pem'],
  'keys approve': ['--launch ID --key operator.pem'],
  forget: [
    '--launch ID [--reason TEXT] [--key operator.pem] [--yes]',
    '--launch ID --message LINK|m12 (several with commas) [--reason TEXT] [--key operator.pem] [--yes]',
    '--launch ID --person NAME [--reason TEXT] [--key operator.pem] [--yes]',
  ],
  'record verify': ['--launch ID [--head SEQ:HASH, as the channel shows it]'],
  'record timeline': ['--launch ID --out FILE.html (or .md)'],
  'record postmortem': ['--launch ID --out FILE.html (or .md) [--against ID, another launch]'],
  'record compare': ['--launch ID [--against ID, another launch]'],
  'record launches': ['[--out FILE.html (or .md)]'],
  'record export': ['--launch ID --out FILE.ndjson'],
  'record figures': ['--launch ID [--csv] [--out FILE]'],
} as const satisfies Record<string, readonly string[]>;

export type CommandName = keyof typeof COMMANDS;

export const isCommand = (name: string): name is CommandName => Object.hasOwn(COMMANDS, name);

/** Options of all of them together: the type of each. */
export const OPTIONS = {
  launch: { type: 'string' },
  segments: { type: 'string' },
  key: { type: 'string' },
  order: { type: 'string' },
  reason: { type: 'string' },
  message: { type: 'string' },
  person: { type: 'string' },
  out: { type: 'string' },
  head: { type: 'string' },
  against: { type: 'string' },
  bot: { type: 'string' },
  worker: { type: 'string' },
  lift: { type: 'boolean' },
  csv: { type: 'boolean' },
  yes: { type: 'boolean' },
} as const;

/** `npm run go -- status`, `npm run record -- verify`. */
export const calledAs = (name: string): string =>
  name.startsWith('record ') ? `npm run ${name.replace(' ', ' -- ')}` : `npm run go -- ${name}`;

const usage = Object.entries(COMMANDS).flatMap(([name, lines]) =>
  lines.map((line) => `  ${calledAs(name)} ${line}`.trimEnd()),
);

export const HELP = `The launch from the command line: works with Slack and the bot gone, under the same rules.

${usage.join('\n')}

Where a command only reads, and for halt, the ID alone will do, too: status ID. fire request --lift is one order that also lifts the present halt; without --segments it is for what the
halt cut off, and nothing that never went out. fire approve shows the order; with --yes it fires at once. Two different people ask and approve; who a
key belongs to stands in the launch's roster (operator_keys). halt asks nothing, with or without --yes. take-over, given in the region that is to have the launch,
ends the other one's right to send it. forget deletes the device tokens of the launch's people, what was written
in its channel and what hung on it, none of which the record holds itself; with --yes also while the launch is open. With --message it deletes that one, its
edits and files; with --person what this person wrote and attached; without --yes it shows what that is. Environment, or .env in this folder: AWS_REGION, GOBUTTON_BUCKET,
GOBUTTON_TABLE_PREFIX, and AWS_ENDPOINT_URL for a local cloud. While nothing of that is set, commands are for the npm start that
runs in this folder, and say so.
`;
