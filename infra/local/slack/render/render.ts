import { createElement as h, Fragment } from 'react';
import type { ReactElement } from 'react';
import { textOf } from '../state/model.ts';
import type { FileRecord, Json, OpenView } from '../state/model.ts';
import type { WorkspaceState } from '../state/workspace-state.ts';
import { interactive } from './elements.ts';
import type { ElementContext } from './elements.ts';
import { textObject } from './mrkdwn.ts';
import { richText, table } from './rich-text.ts';
import { isWebLink, markdownBlock, markup, plain } from './texts.ts';
import type { Names } from './texts.ts';

/**
 * HTML of messages and modals. Everything that comes from an app or a person goes through React's
 * escaping; links lead to http(s) only.
 */
export class Renderer {
  #state: WorkspaceState;
  /** A message object never changes (a change makes a new one), so that its HTML is made once: some 6 ms each. */
  #rendered = new WeakMap<object, string>();

  constructor(state: WorkspaceState) {
    this.#state = state;
  }

  /** The body of a message: its blocks, or its text, and its files. */
  message(message: { text: string; blocks?: Json[]; files?: FileRecord[] }, key: string): string {
    const known = this.#rendered.get(message);
    if (known !== undefined) return known;
    const html = this.#messageHtml(message, key);
    this.#rendered.set(message, html);
    return html;
  }

  #messageHtml(message: { text: string; blocks?: Json[]; files?: FileRecord[] }, key: string): string {
    const names = this.#names();
    const blocks = message.blocks ?? [];
    const text =
      blocks.length > 0 || message.text === ''
        ? []
        : [h(Fragment, { key: 'text' }, textObject({ type: 'mrkdwn', text: message.text }, names))];
    const body = [...blocks.map((block, i) => this.#block(block, `${key}-${i}`, names, {}, {})), ...text];
    const files = (message.files ?? []).map((file) => shownFile(file));
    return markup(h(Fragment, null, body, files));
  }

  /** The blocks of a modal, with what was filled in and what is wrong with it. */
  view(open: OpenView): string {
    const names = this.#names();
    const values = open.view.state.values;
    return markup(
      h(
        Fragment,
        null,
        open.view.blocks.map((block, i) => this.#block(block, `${open.view.id}-${i}`, names, values, open.errors)),
      ),
    );
  }

  #block(
    block: Json,
    key: string,
    names: Names,
    values: Record<string, Record<string, Json>>,
    errors: Record<string, string>,
  ): ReactElement {
    const blockId = String(block['block_id']);
    const context = (element: Json): ElementContext => ({
      blockId,
      value: values[blockId]?.[String(element['action_id'])] ?? {},
      inputId: `in-${key}`,
      labelled: block['type'] === 'input',
      people: this.#people(),
      channels: names.channels,
    });
    switch (block['type']) {
      case 'actions': {
        const elements = (block['elements'] as Json[]).map((element, i) =>
          h(Fragment, { key: i }, interactive(element, { ...context(element), inputId: `in-${key}-${i}` })),
        );
        return h('div', { key, className: 'block-actions' }, elements);
      }
      case 'input':
        return input(block, key, context(block['element'] as Json), errors[blockId]);
      case 'section': {
        const { accessory, text, fields, expand } = block as {
          accessory?: Json;
          text?: Json;
          fields?: Json[];
          expand?: boolean;
        };
        const shownFields =
          fields === undefined
            ? null
            : h(
                'div',
                { className: 'fields' },
                fields.map((field, i) => h(Fragment, { key: i }, textObject(field, names))),
              );
        const words = h(
          'div',
          { className: 'block-section-text' },
          text === undefined ? null : folded(textObject(text, names), textOf(text['text']), expand === true),
          shownFields,
        );
        const beside = (one: Json) =>
          one['type'] === 'image' ? image(one, 'accessory-image') : interactive(one, context(one));
        const side = accessory === undefined ? null : beside(accessory);
        return h(
          'div',
          { key, className: 'block-section' },
          words,
          side === null ? null : h('div', { className: 'accessory' }, side),
        );
      }
      case 'image':
        return h(
          'figure',
          { key, className: 'block-image' },
          block['title'] === undefined ? null : h('figcaption', null, plain(block['title'])),
          this.#imageOf(block),
        );
      case 'header':
        return h('h3', { key, className: 'block-header' }, plain(block['text']));
      case 'divider':
        return h('hr', { key });
      case 'context': {
        const elements = block['elements'] as Json[];
        return h(
          'div',
          { key, className: 'block-context' },
          elements.map((one, i) =>
            h(Fragment, { key: i }, one['type'] === 'image' ? image(one, 'context-image') : textObject(one, names)),
          ),
        );
      }
      case 'rich_text':
        return h(Fragment, { key }, richText(block, names));
      case 'table':
        return h(Fragment, { key }, table(block, names));
      case 'alert':
        return h(
          'div',
          { key, className: `block-alert alert-${textOf(block['level']) || 'default'}`, role: 'note' },
          textObject(block['text'], names),
        );
      case 'markdown':
        return h(Fragment, { key }, markdownBlock(textOf(block['text'])));
      default:
        return h('p', { key, className: 'unsupported' }, `(${textOf(block['type'])} is not shown here)`);
    }
  }

  /** An image block names an address or a file of the workspace. */
  #imageOf(block: Json): ReactElement {
    const slackFile = block['slack_file'] as { id?: string; url?: string } | undefined;
    const file = slackFile?.id === undefined ? undefined : this.#state.files.get(slackFile.id);
    return image(
      { ...block, image_url: file === undefined ? (slackFile?.url ?? block['image_url']) : filePath(file) },
      '',
    );
  }

  #names(): Names {
    return {
      users: [...this.#state.users.values()].map((user) => ({ id: user.id, name: user.profile.display_name })),
      channels: [...this.#state.channels.values()].map(({ id, name }) => ({ id, name })),
    };
  }

  #people(): { id: string; name: string }[] {
    return [...this.#state.users.values()]
      .filter((user) => !user.is_bot && !user.deleted)
      .map((user) => ({ id: user.id, name: user.real_name }));
  }
}

/**
 * Slack "may" fold the text of a section that does not set `expand`, and does not say from where on; for attachments it
 * says 700 characters or 5 line breaks. The stand-in takes the same.
 */
const FOLDED_CHARS = 700;
const FOLDED_BREAKS = 5;

function folded(shown: ReactElement, text: string, expand: boolean): ReactElement {
  if (expand || (text.length < FOLDED_CHARS && text.split('\n').length <= FOLDED_BREAKS)) return shown;
  return h('div', { className: 'fold' }, shown, h('button', { type: 'button', className: 'see-more' }));
}

/** Groups of choices have no single control to label: they get a fieldset. */
const GROUPS = new Set(['checkboxes', 'radio_buttons', 'multi_static_select', 'multi_users_select']);

function input(block: Json, key: string, context: ElementContext, error: string | undefined): ReactElement {
  const element = block['element'] as Json;
  const label = [
    plain(block['label']),
    block['optional'] === true ? h('span', { key: 'optional', className: 'optional' }, ' (optional)') : null,
  ];
  const hint = block['hint'] === undefined ? null : h('p', { className: 'hint' }, plain(block['hint']));
  const wrong = error === undefined ? null : h('p', { className: 'field-error', role: 'alert' }, error);
  const dispatch = block['dispatch_action'] === true ? { 'data-dispatch': '' } : {};
  const control = interactive(element, context);
  if (GROUPS.has(String(element['type']))) {
    return h(
      'fieldset',
      { key, className: 'block-input', 'data-input': '', ...dispatch },
      h('legend', null, label),
      control,
      hint,
      wrong,
    );
  }
  return h(
    'div',
    { key, className: 'block-input', 'data-input': '', ...dispatch },
    h('label', { htmlFor: context.inputId }, label),
    control,
    hint,
    wrong,
  );
}

function image(block: Json, className: string): ReactElement {
  const url = textOf(block['image_url']);
  if (!isWebLink(url) && !url.startsWith('/files/'))
    return h('span', { className: 'unsupported' }, textOf(block['alt_text']));
  return h('img', { src: url, alt: textOf(block['alt_text']), className, loading: 'lazy' });
}

/** Files are shown from the page's own address, whatever port they were uploaded to. */
export function filePath(file: FileRecord): string {
  return `/files/${file.id}/${encodeURIComponent(file.name)}`;
}

function shownFile(file: FileRecord): ReactElement {
  const path = filePath(file);
  if (file.mimetype.startsWith('image/')) {
    return h(
      'figure',
      { key: file.id, className: 'file-image' },
      h('figcaption', null, file.title),
      h('a', { href: path, target: '_blank' }, h('img', { src: path, alt: file.alt_txt ?? file.title })),
    );
  }
  return h(
    'a',
    { key: file.id, className: 'file-card', href: path, target: '_blank', download: file.name },
    h('span', { className: 'file-kind', 'aria-hidden': true }, file.filetype.toUpperCase().slice(0, 4)),
    h('span', null, h('strong', null, file.title), h('small', null, `${file.name}, ${sizeWords(file.size)}`)),
  );
}

function sizeWords(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} kB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
