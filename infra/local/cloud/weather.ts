import { setTimeout as sleep } from 'node:timers/promises';
import { AwsError } from './aws-error.ts';

/**
 * Weather of the whole cloud, for who wants to see what the product does in it. `throttled`: every third call is refused as too
 * many. `slow`: every call waits, one in ten for longer than a switch read is waited for. `down`: nothing is done, every call is
 * answered with 503. Which call is hit goes by a count, so that a run is like the one before. `odd`: no call is hit, and the cloud is
 * as late and forgetful as AWS may be (lag.ts, sqs.ts). `full`: no call is hit, and ECS has no place for another task (service.ts).
 */
export const CLOUD_WEATHERS = ['fair', 'throttled', 'slow', 'down', 'odd', 'full'] as const;
export type CloudWeatherName = (typeof CLOUD_WEATHERS)[number];

const REFUSED_OF = 3;
const SLOW_MS = 150;
const VERY_SLOW_OF = 10;
const VERY_SLOW_MS = 900;

export class CloudWeather {
  #now: CloudWeatherName = 'fair';
  #calls = 0;
  #hit = 0;

  get now(): CloudWeatherName {
    return this.#now;
  }

  /** Calls that were refused or held up, or got an answer that was behind or a message that was lost. */
  get hit(): number {
    return this.#hit;
  }

  /** Counts for calls that come from now on. */
  set(name: CloudWeatherName): void {
    this.#now = name;
  }

  /** A call that `odd` had its way with. */
  felt(): void {
    this.#hit++;
  }

  /** Waits, or throws the refusal. `action`: as IAM calls it. */
  async before(action: string): Promise<void> {
    if (this.#now === 'fair' || this.#now === 'odd' || this.#now === 'full') return;
    const call = this.#calls++;
    const [service = ''] = action.split(':');
    if (this.#now === 'throttled' && call % REFUSED_OF !== 0) return;
    this.#hit++;
    if (this.#now === 'throttled') throw throttle(service);
    if (this.#now === 'down')
      throw new AwsError(
        service === 's3' ? 'ServiceUnavailable' : 'InternalFailure',
        'The service is unavailable. Please try again.',
        503,
      );
    await sleep(call % VERY_SLOW_OF === 0 ? VERY_SLOW_MS : SLOW_MS);
  }
}

/** In the words that each service has for it (docs/facts.md#aws-throttles). */
function throttle(service: string): AwsError {
  if (service === 's3') return new AwsError('SlowDown', 'Please reduce your request rate.', 503);
  if (service === 'sqs') return new AwsError('com.amazonaws.sqs#RequestThrottled', 'Request was throttled.', 403);
  if (service === 'dynamodb')
    return new AwsError(
      'com.amazon.coral.availability#ThrottlingException',
      'Throughput exceeds the current capacity of your table or index.',
    );
  return service === 'autoscaling'
    ? new AwsError('Throttling', 'Rate exceeded')
    : new AwsError('ThrottlingException', 'Rate exceeded');
}
