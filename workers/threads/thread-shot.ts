import type { PreparedShot, Template } from '../lanes/lane.ts';

/** What was prepared, known to the threads by its number. */
export class ThreadShot implements PreparedShot {
  readonly number: number;
  readonly templates: readonly Template[];

  constructor(number: number, templates: readonly Template[]) {
    this.number = number;
    this.templates = templates;
  }
}
