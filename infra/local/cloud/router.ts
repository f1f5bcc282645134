import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { crc32, gunzipSync } from 'node:zlib';
import type { Asked } from '../../aws/access/policy.ts';
import { foreignRequest } from '../loopback.ts';
import type { Access } from './access.ts';
import { jsonAsked, passRoleAsked, queryAsked, s3Asked } from './actions.ts';
import { authenticate } from './auth.ts';
import type { Caller } from './auth.ts';
import { AwsError, notImplemented } from './aws-error.ts';
import type { Dynamo } from './dynamo.ts';
import type { S3 } from './s3.ts';
import { checkSignature } from './signature.ts';
import type { Sqs } from './sqs.ts';
import { rolesOf } from './ssm-automation.ts';
import type { CloudWeather } from './weather.ts';
import { xml } from './xml.ts';

/** Answers one operation of a JSON service; throws AwsError to refuse. */
type JsonService = (operation: string, input: unknown, callerArn: string) => unknown;
/** Answers one operation of a Query service with the whole XML document. */
type QueryService = (operation: string, parameters: URLSearchParams, callerArn: string) => string;

export interface Services {
  dynamo: Dynamo;
  sqs: Sqs;
  s3: S3;
  /** By the service part of `x-amz-target`. */
  json: Record<string, JsonService>;
  /** By signing name. */
  query: Record<string, QueryService>;
  access: Access;
  /** Roles that a call of ECS hands to what it starts. */
  handedOn: (operation: string, input: unknown) => readonly string[];
  /** Waits or throws before anything is done. */
  weather: CloudWeather;
}

/** DynamoDB's limit of a BatchWriteItem (docs/facts.md#dynamodb-item-size). Objects are streamed and have none here. */
const BODY_BYTES = 16 * 1_048_576;

/** One address for all services: by `x-amz-target`, else by the form body of a Query service, else S3. */
/** `nowMs`: what the cloud's clock says; signatures are judged by it, and answers dated. */
export function createRouter(
  services: Services,
  port: number,
  nowMs: () => number,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const render = rendererOf(request);
    dateWhenWritten(response, nowMs);
    handle(services, port, nowMs, request, response).catch((error: unknown) => {
      const refusal =
        error instanceof AwsError
          ? error
          : new AwsError(
              'InternalFailure',
              `local cloud: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
              500,
            );
      // A client that went away, or one that has half an answer, can't be told.
      if (response.destroyed || response.headersSent) response.destroy();
      else render(refusal, response);
    });
  };
}

async function handle(
  services: Services,
  port: number,
  nowMs: () => number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const foreign = foreignRequest(request, port);
  // No client of AWS is a web page: one with an origin, even ours, is not meant for us.
  if (foreign !== null || request.headers.origin !== undefined)
    throw new AwsError('AccessDeniedException', `local cloud: ${foreign ?? 'foreign_origin'}`, 403);
  const { access } = services;
  const caller = authenticate(request.headers, (key) => access.knows(key), nowMs());
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string') return handleJson(services, target, caller, request, response);
  if (String(request.headers['content-type']).startsWith('application/x-www-form-urlencoded')) {
    const parameters = new URLSearchParams((await bodyOf(request)).toString());
    const operation = parameters.get('Action') ?? '';
    await admit(services, caller, queryAsked(caller.service, operation, parameters));
    const service = services.query[caller.service];
    if (service === undefined) throw notImplemented(caller.service, operation);
    return send(response, 200, 'text/xml', service(operation, parameters, access.arnOf(caller.accessKeyId)));
  }
  if (caller.service !== 's3') throw notImplemented(caller.service, `${request.method} ${request.url}`);
  response.setHeader('x-amz-request-id', randomUUID());
  await admit(services, caller, s3Asked(request));
  await services.s3.handle(request, response, (bucket) => access.seesMissing(caller.accessKeyId, bucket));
}

async function admit({ weather, access }: Services, { accessKeyId }: Caller, asked: readonly Asked[]): Promise<void> {
  await weather.before(asked[0]?.action ?? '');
  access.check(accessKeyId, asked);
}

async function handleJson(
  services: Services,
  target: string,
  caller: Caller,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [prefix = '', operation = ''] = target.split('.');
  const body = await bodyOf(request);
  if (prefix === 'AmazonSQS' || prefix === 'DynamoDB_20120810') checkSignature(request, body);
  const input = parse(body);
  const roles = prefix === 'AmazonEC2ContainerServiceV20141113' ? services.handedOn(operation, input) : [];
  const handed = [
    ...roles.map((role) => passRoleAsked(role)),
    ...(prefix === 'AmazonSSM' ? rolesOf(input).map((role) => passRoleAsked(role, 'ssm.amazonaws.com')) : []),
  ];
  await admit(services, caller, [...jsonAsked(prefix, operation, input), ...handed]);
  if (prefix === 'AmazonSQS') {
    const answer = await services.sqs.call(operation, input, request.headers.host ?? '', () => response.destroyed);
    if (!response.destroyed)
      response
        .writeHead(answer.status, {
          ...answer.headers,
          'content-length': answer.body.length,
          'x-amzn-requestid': randomUUID(),
        })
        .end(answer.body);
    return;
  }
  if (prefix === 'DynamoDB_20120810') {
    const answer = JSON.stringify(await services.dynamo.call(operation, input));
    response.setHeader('x-amz-crc32', crc32(answer));
    return send(response, 200, 'application/x-amz-json-1.0', answer);
  }
  const service = services.json[prefix];
  if (service === undefined) throw notImplemented(caller.service, operation);
  send(
    response,
    200,
    String(request.headers['content-type'] ?? 'application/x-amz-json-1.1'),
    JSON.stringify(await service(operation, input, services.access.arnOf(caller.accessKeyId))),
  );
}

/** When it is written, not when it was asked for: a receive waits for up to 20 s. */
function dateWhenWritten(response: ServerResponse, nowMs: () => number): void {
  const write = response.writeHead.bind(response) as (...parts: unknown[]) => ServerResponse;
  response.writeHead = (...parts: unknown[]) => {
    response.setHeader('date', new Date(nowMs()).toUTCString());
    return write(...parts);
  };
}

function parse(body: Buffer): Record<string, unknown> {
  try {
    return JSON.parse(body.toString() || '{}') as Record<string, unknown>;
  } catch (error) {
    throw new AwsError(
      'SerializationException',
      `The request body is not JSON: ${error instanceof Error ? error.message : ''}`,
    );
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES) throw new AwsError('RequestEntityTooLarge', 'Request size exceeded 16777216 bytes', 413);
    chunks.push(chunk);
  }
  const whole = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
  // The CloudWatch client compresses large requests.
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(whole) : whole;
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response
    .writeHead(status, {
      'content-type': contentType,
      'content-length': Buffer.byteLength(body),
      'x-amzn-requestid': randomUUID(),
    })
    .end(body);
}

/** Errors in the protocol of the request: AWS JSON, Query XML or S3 XML. */
function rendererOf(request: IncomingMessage): (error: AwsError, response: ServerResponse) => void {
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string') {
    return (error, response) => {
      const code = error.code.split('#').at(-1) ?? error.code;
      if (target.startsWith('AmazonSQS.'))
        response.setHeader(
          'x-amzn-query-error',
          `${code === 'PurgeQueueInProgress' ? 'AWS.SimpleQueueService.' : ''}${code};${error.status < 500 ? 'Sender' : 'Receiver'}`,
        );
      send(
        response,
        error.status,
        String(request.headers['content-type'] ?? 'application/x-amz-json-1.1'),
        JSON.stringify({ __type: error.code, message: error.message, ...error.more }),
      );
    };
  }
  const type = (error: AwsError) => (error.status < 500 ? 'Sender' : 'Receiver');
  if (String(request.headers['content-type']).startsWith('application/x-www-form-urlencoded')) {
    return (error, response) => {
      const code = QUERY_CODES[error.code] ?? error.code;
      send(
        response,
        error.status,
        'text/xml',
        xml('ErrorResponse', {
          Error: { Type: type(error), Code: code, Message: error.message },
          RequestId: randomUUID(),
        }),
      );
    };
  }
  return (error, response) => {
    const code = S3_CODES[error.code] ?? error.code;
    if (request.method === 'HEAD') response.writeHead(error.status).end();
    else
      send(
        response,
        error.status,
        'application/xml',
        xml('Error', { Code: code, Message: error.message, Resource: request.url, RequestId: randomUUID() }),
      );
  };
}

/** The same refusals have other names in the older protocols. */
const QUERY_CODES: Record<string, string> = {
  MissingAuthenticationTokenException: 'MissingAuthenticationToken',
  UnrecognizedClientException: 'InvalidClientTokenId',
  IncompleteSignatureException: 'IncompleteSignature',
  InvalidSignatureException: 'SignatureDoesNotMatch',
  ValidationException: 'ValidationError',
};
const S3_CODES: Record<string, string> = {
  MissingAuthenticationTokenException: 'AccessDenied',
  UnrecognizedClientException: 'InvalidAccessKeyId',
  IncompleteSignatureException: 'AuthorizationHeaderMalformed',
  UnsupportedOperation: 'NotImplemented',
};
