import { expect, test } from 'vitest';
import { awsRefusal } from './aws-refusal.ts';

const answer = (name: string, message = 'm', $fault = 'client') => Object.assign(new Error(message), { name, $fault });

/** As each service words it: docs/facts.md#aws-throttles, #dynamodb-limit-exceeded. */
test.each([
  ['ThrottlingException', 'Rate exceeded'],
  ['Throttling', 'Rate exceeded'],
  ['ScalingActivityInProgress', 'Scaling activity x is in progress and blocks this action'],
  ['ConcurrentUpdateException', 'The resource is being updated by another request.'],
  ['ResourceInUseException', 'Attempt to change a resource which is still in use'],
  ['LimitExceededException', 'Subscriber limit exceeded: Only 10 tables can be updated simultaneously'],
])('%s passes by itself: %s', (name, message) => {
  expect(awsRefusal(answer(name, message))).toEqual({ again: true, say: `${name}: ${message}` });
});

test('a fault of the service passes by itself, whatever it is called', () => {
  expect(awsRefusal(answer('NobodyKnows', 'm', 'server'))).toMatchObject({ again: true });
});

test('a quota does not, and is said with what to do', () => {
  const message = 'Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day.';
  expect(awsRefusal(answer('LimitExceededException', message))).toEqual({
    again: false,
    say: `a quota of the account is used up. Raise it in Service Quotas, or wait. AWS: LimitExceededException: ${message}`,
  });
});

test.each([
  ['AccessDeniedException', 'User: a is not authorized to perform: x:Do on resource: arn:1 because y', 'x:Do on arn:1'],
  ['ValidationException', 'User is missing the following permissions: [ecs:UpdateService]', 'ecs:UpdateService'],
])('the right that is missing is named, as %s has it', (name, message, right) => {
  expect(awsRefusal(answer(name, message))).toEqual({
    again: false,
    say: `the bot lacks the right ${right}. Deploy its policy with this runbook, or add it`,
  });
});

test('what is wrong with the call is said in the words of AWS, and does not pass', () => {
  expect(awsRefusal(answer('ValidationError', 'no'))).toEqual({ again: false, say: 'ValidationError: no' });
});

test('what is no answer of AWS is nothing that it has refused', () => {
  expect(awsRefusal(new Error('socket hang up'))).toBeNull();
});
