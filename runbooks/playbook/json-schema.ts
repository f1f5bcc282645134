import { z } from 'zod';

/** A part of a JSON Schema (draft 2020-12), with what `fields/key.ts` adds: what a number counts, what absence means, and an example. */
export interface JsonSchema {
  title?: string;
  description?: string;
  unit?: string;
  absent?: string;
  default?: unknown;
  example?: unknown;
  examples?: unknown[];
  type?: string;
  const?: string | number | boolean;
  enum?: (string | number | boolean)[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | false;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
}

/** How a schema's input may be written, keys with their meaning. */
export const jsonSchemaOf = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
