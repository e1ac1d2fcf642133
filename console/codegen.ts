import type { CodegenConfig } from '@graphql-codegen/cli';

/**
 * Generates the types of the operations in src/. Only types are used: graphql() of src/api/graphql.ts returns the text of
 * the operation unchanged, so that each screen's chunk contains its own operations and nothing else.
 */
const config: CodegenConfig = {
  schema: '../schema.graphql',
  documents: ['src/**/*.{ts,tsx}', '!src/api/generated/**'],
  ignoreNoDocuments: true,
  generates: {
    'src/api/generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: 'string',
        strictScalars: true,
        scalars: { ID: { input: 'string', output: 'string' }, DateTime: 'string', JSON: 'unknown' },
        enumsAsTypes: true,
        useTypeImports: true,
      },
    },
  },
};

export default config;
