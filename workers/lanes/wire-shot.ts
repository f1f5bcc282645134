import type { RequestTemplate } from './h2/request-template.ts';
import type { PreparedShot, Template } from './lane.ts';

/** Opaque outside: templates, and the requests made of them under the present credential. */
export class WireShot implements PreparedShot {
  readonly templates: readonly Template[];
  readonly #make: (template: Template) => RequestTemplate;
  #requests: RequestTemplate[] = [];
  #version = -1;

  constructor(templates: readonly Template[], make: (template: Template) => RequestTemplate) {
    this.templates = templates;
    this.#make = make;
  }

  request(index: number, version: number): RequestTemplate {
    if (version !== this.#version) {
      this.#requests = this.templates.map(this.#make);
      this.#version = version;
    }
    const request = this.#requests[index];
    if (request === undefined) throw new RangeError(`TEMPLATE_MISSING: a device of a job wants template ${index}`);
    return request;
  }
}
