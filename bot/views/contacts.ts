import type { KnownBlock } from '@slack/types';
import type { Runbook } from '../../runbooks/playbook/schema.ts';
import { section } from './blocks.ts';
import { fit, safe } from './words.ts';

/** Whom to call beyond the roster, and where it stands what to do; nothing where the runbook names neither. */
export function contactsBlocks({ contacts = [], playbook }: Pick<Runbook, 'contacts' | 'playbook'>): KnownBlock[] {
  const lines = [
    ...(playbook === undefined ? [] : [`:book: ${linkText(playbook, 'The playbook')}`]),
    ...contacts.map(({ name, for: what, phone, link }) => {
      const how = [
        ...(phone === undefined ? [] : [safe(phone, 60)]),
        ...(link === undefined ? [] : [linkText(link, 'open')]),
      ];
      return `:telephone_receiver: *${safe(name, 80)}* · ${safe(what, 200)}: ${how.join(' · ')}`;
    }),
  ];
  return lines.length === 0 ? [] : [section(fit(lines, 2_900))];
}

const linkText = (link: string, label: string): string => `<${link.replaceAll('&', '&amp;')}|${label}>`;
