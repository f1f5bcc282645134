/** SSM Parameter Store: the public mirror of the switches, `/gobutton/<launchId>/<switch>`. */
export interface Parameters {
  put(name: string, value: string): Promise<void>;
  get(name: string): Promise<{ value: string; version: number; modifiedBy: string | null } | null>;
  /** By path, recursive, all pages. */
  list(path: string): Promise<{ name: string; value: string; version: number }[]>;
}
