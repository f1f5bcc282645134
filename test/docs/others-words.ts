import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_NAMES } from '../../h2/frames.ts';

/** Words in capitals that stand in the sources and are no codes of ours, by whose they are. */

const environment = readFileSync(join(import.meta.dirname, '../../.env.example'), 'utf8');

export const OTHERS_WORDS: Readonly<Record<string, readonly string[]>> = {
  'variables of the environment': [
    ...new Set(environment.match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g)),
    'GOBUTTON_PARENT_PID',
    'NODE_COMPILE_CACHE',
  ],
  'names of HTTP/2 (RFC 9113)': [...ERROR_NAMES, 'PUSH_PROMISE', 'RST_STREAM', 'WINDOW_UPDATE'],
  'what FCM and Google say, and the fields of their messages': [
    'ACCESS_TOKEN_EXPIRED',
    'ACCESS_TOKEN_INVALID',
    'ACCESS_TOKEN_TYPE_UNSUPPORTED',
    'CREDENTIALS_MISSING',
    'DEADLINE_EXCEEDED',
    'IAM_PERMISSION_DENIED',
    'IF_PRIORITY_LOWERED',
    'INVALID_ARGUMENT',
    'INVALID_TOKEN',
    'NOT_FOUND',
    'PERMISSION_DENIED',
    'PRIORITY_DEFAULT',
    'PRIORITY_HIGH',
    'PRIORITY_LOW',
    'PRIORITY_MAX',
    'PRIORITY_MIN',
    'PRIORITY_UNSPECIFIED',
    'PROXY_UNSPECIFIED',
    'QUOTA_EXCEEDED',
    'RESOURCE_EXHAUSTED',
    'SENDER_ID_MISMATCH',
    'THIRD_PARTY_AUTH_ERROR',
    'UNSPECIFIED_ERROR',
    'VISIBILITY_UNSPECIFIED',
  ],
  "values of AWS, and the SDK's kinds of errors": [
    'ALL_NEW',
    'ALL_OLD',
    'CLIENT_ERROR',
    'FARGATE_SPOT',
    'FULL_OBJECT',
    'IN_PROGRESS',
    'PAY_PER_REQUEST',
    'SERVER_ERROR',
    'X86_64',
  ],
  'errors of Node, undici and zlib': [
    'CERT_HAS_EXPIRED',
    'EAI_AGAIN',
    'ERR_TRAILING_JUNK_AFTER_STREAM_END',
    'UND_ERR_CONNECT_TIMEOUT',
    'Z_BUF_ERROR',
  ],
  'what the YAML reader calls nodes and faults': [
    'ALIAS_PROPS',
    'BAD_SCALAR_START',
    'BLOCK_AS_IMPLICIT_KEY',
    'BLOCK_FOLDED',
    'BLOCK_IN_FLOW',
    'BLOCK_LITERAL',
    'MULTILINE_IMPLICIT_KEY',
    'UNEXPECTED_TOKEN',
  ],
};
