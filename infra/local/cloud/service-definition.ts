/** An ECS service: its tasks are processes of `command`, or only counted. Processes get `env`, PATH, HOME, TMPDIR, the endpoint and their task id, and nothing else. */
export interface ServiceDefinition {
  cluster: string;
  service: string;
  /** Null: a task is no process, and runs as soon as its start delay is over. */
  command: string[] | null;
  env: Record<string, string>;
  /** Whose access key its tasks get. Absent: that of who may do everything. */
  principal?: string;
  cwd: string;
  /** From the order to RUNNING. */
  startDelayMs: number;
  logFile?: string;
  /** What its task definition, or the service of it, says besides; nothing here goes by it. Absent: an image that is no image, and no more. */
  taskDefinition?: {
    image: string;
    cpu: string;
    memory: string;
    taskRoleArn: string;
    stopTimeout: number;
    spot?: boolean;
    /** What ECS itself does before the process runs, and in whose name. */
    executionRoleArn?: string;
    secrets?: { name: string; valueFrom: string }[];
    logGroup?: string;
  };
}
