import type { Issued } from '../credentials/credential.ts';
import { CampaignMeter } from './campaign-meter.ts';
import type { RequestTemplate } from './h2/request-template.ts';
import type { PreparedShot, Template } from './lane.ts';

/** Connections of the newest and of the credential before it stand side by side while a lane moves from one to the other. */
const KEPT = 3;

/** Opaque outside: templates, and the requests made of them under each credential that a connection has. */
export class WireShot implements PreparedShot {
  readonly templates: readonly Template[];
  /** Of its answers over this lane. */
  readonly meter = new CampaignMeter();
  readonly #make: (template: Template, issued: Issued) => RequestTemplate;
  readonly #made = new Map<number, RequestTemplate[]>();
  #requests: RequestTemplate[] = [];
  #version = -1;

  constructor(templates: readonly Template[], make: (template: Template, issued: Issued) => RequestTemplate) {
    this.templates = templates;
    this.#make = make;
  }

  /** The same object each time, so that a connection compiles it once. */
  request(index: number, issued: Issued): RequestTemplate {
    if (issued.version !== this.#version) this.#turnTo(issued);
    const request = this.#requests[index];
    if (request === undefined) throw new RangeError(`TEMPLATE_MISSING: a device of a job wants template ${index}`);
    return request;
  }

  #turnTo(issued: Issued): void {
    this.#version = issued.version;
    this.#requests = this.#made.get(issued.version) ?? this.templates.map((template) => this.#make(template, issued));
    this.#made.set(issued.version, this.#requests);
    if (this.#made.size > KEPT) this.#made.delete(Math.min(...this.#made.keys()));
  }
}
