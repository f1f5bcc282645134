export const FIELDS = ['user', 'platform', 'token', 'locale', 'market'] as const;
export type Field = (typeof FIELDS)[number];
/** Field → the file's own name for it. */
export type Mapping = Partial<Record<Field, string>>;
