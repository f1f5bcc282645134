import { ACCOUNT_ID, REGION } from './account.ts';
import { AwsError } from './aws-error.ts';

/** What is understood of a template: names and types of its resources, and what its outputs say. */
export interface Template {
  Resources?: Record<string, { Type: string; Properties?: Record<string, unknown> }>;
  Outputs?: Record<string, { Value: unknown; Description?: string }>;
}

/** Of a template that comes with the call (docs/facts.md#cloudformation-template). */
export const TEMPLATE_CHARACTERS = 51_200;

export const invalid = (message: string): AwsError => new AwsError('ValidationException', message, 400);

/** What an output says: text, and the few functions that outputs are made with. */
export function resolved(value: unknown, template: Template): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const [name, of] = Object.entries(value)[0] ?? ['', null];
  if (name === 'Ref')
    return String(of).startsWith('AWS::') ? (PSEUDO[String(of)] ?? String(of)) : physical(String(of), template);
  if (name === 'Fn::GetAtt' && Array.isArray(of)) return `${physical(String(of[0]), template)}.${String(of[1])}`;
  if (name === 'Fn::Join' && Array.isArray(of))
    return (of[1] as unknown[]).map((part) => resolved(part, template)).join(String(of[0]));
  throw invalid(`Template error: the local cloud resolves no ${name}`);
}

const PSEUDO: Record<string, string> = { 'AWS::Region': REGION, 'AWS::AccountId': ACCOUNT_ID, 'AWS::Partition': 'aws' };

/** Its own name where it has one. */
function physical(logicalId: string, template: Template): string {
  const properties = template.Resources?.[logicalId]?.Properties ?? {};
  const [, own = logicalId] =
    Object.entries(properties).find(([name]) => /^(Table|Queue|Bucket)Name$/.test(name)) ?? [];
  return String(own);
}

/** Whether a table would have less warm throughput than before, which DynamoDB refuses (docs/facts.md#dynamodb-warm-throughput). */
export function coolsDown(before: Template, after: Template): boolean {
  return Object.entries(before.Resources ?? {}).some(([id, { Properties: old = {} }]) => {
    const next = after.Resources?.[id]?.Properties?.['WarmThroughput'] as Record<string, number> | undefined;
    const was = old['WarmThroughput'] as Record<string, number> | undefined;
    return (
      next !== undefined &&
      was !== undefined &&
      Object.entries(was).some(([name, units]) => (next[name] ?? units) < units)
    );
  });
}

/** `Tags.member.1.Key` and `…Value`. */
export function pairs(parameters: URLSearchParams, name: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (let at = 1; parameters.has(`${name}.member.${at}.Key`); at += 1)
    found[parameters.get(`${name}.member.${at}.Key`) ?? ''] = parameters.get(`${name}.member.${at}.Value`) ?? '';
  return found;
}
