/** A postmortem as plain text: whatever shows it must escape it. Markdown and page are made from this and nothing else. */

/** Where a statement stands: `e12` is entry 12 of the record, `m3` message 3 of the chain of channel messages. */
export type Proof = string;

export interface Statement {
  text: string;
  /** Empty: it says what is not known, or what nobody did. */
  proof: Proof[];
}

export type Block =
  | { kind: 'heading'; text: string }
  | { kind: 'remark'; text: string }
  | { kind: 'list'; statements: Statement[] }
  | { kind: 'questions'; questions: Question[] }
  /** The last `figures` columns are numbers. A row without proof is one to fill in. */
  | { kind: 'table'; head: string[]; figures: number; rows: { cells: string[]; proof: Proof[] }[] }
  /** Pictures of what a table says; a document without pictures leaves them out. */
  | { kind: 'curves' };

export interface Question {
  question: string;
  /** The newest of each person, in the order in which they were given. */
  answers: Answer[];
}

export interface Answer {
  /** Who, and when. */
  by: string;
  /** As they were written, line ends and all. */
  words: string;
  proof: Proof[];
}

export interface Section {
  id: string;
  title: string;
  blocks: Block[];
}

export const heading = (text: string): Block => ({ kind: 'heading', text });
export const remark = (text: string): Block => ({ kind: 'remark', text });

/** Nothing, where there is nothing to say. */
export const list = (statements: readonly Statement[]): Block[] =>
  statements.length === 0 ? [] : [{ kind: 'list', statements: [...statements] }];

export const said = (text: string, ...from: readonly ({ seq: number } | undefined)[]): Statement => ({
  text,
  proof: from.flatMap((one) => (one === undefined ? [] : [`e${one.seq}`])),
});

/** Everything that a document rests on, each once, in the order in which it is first named. */
export const proofsOf = (sections: readonly Section[]): Proof[] => [
  ...new Set(
    sections.flatMap(({ blocks }) =>
      blocks.flatMap((block) => {
        if (block.kind === 'list') return block.statements.flatMap(({ proof }) => proof);
        if (block.kind === 'questions')
          return block.questions.flatMap(({ answers }) => answers.flatMap(({ proof }) => proof));
        return block.kind === 'table' ? block.rows.flatMap(({ proof }) => proof) : [];
      }),
    ),
  ),
];
