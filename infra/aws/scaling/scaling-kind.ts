import type { Clients } from '../clients.ts';

export interface ScaleObservation {
  /** Tasks, capacity units (instances times their weights) or write units, as AWS is told; `running` are there. */
  desired: number;
  running: number;
  pending: number;
  /** What AWS says about trouble, if anything. */
  say: string | null;
  /** What keeps what is missing from coming until somebody changes something or AWS has place again, in AWS's words, and when it said so last. */
  refused?: { say: string; atMs: number };
  /** Units of the largest instance, if more than 1: AWS may run so much more than it is told. */
  largest?: number;
  /** Of a service: family and revision of the task definition that its tasks start from; any change of them makes another. */
  definition?: string;
  /** A change is under way, and the figures are those before it. */
  busy?: true;
}

export type ScalingClients = Pick<Clients, 'ecs' | 'autoScaling' | 'applicationAutoScaling' | 'dynamo'>;
