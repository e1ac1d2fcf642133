import type { CodegenConfig } from '@graphql-codegen/cli';

const preset: CodegenConfig['generates'][string] = {
  preset: 'client',
  // Fragment masking is for trees of UI components.
  presetConfig: { fragmentMasking: false },
  config: {
    // An unlisted scalar fails the build instead of becoming `any`.
    strictScalars: true,
    scalars: { ID: { input: 'string', output: 'string' }, DateTime: 'string', JSON: 'unknown' },
    enumsAsTypes: true,
    useTypeImports: true,
  },
};

/** Generates types for the operations in src/ and in the playground, from the schema that the server generates. */
const config: CodegenConfig = {
  schema: '../../schema.graphql',
  generates: {
    'src/generated/': { documents: 'src/*.ts', ...preset },
    'src/generated/playground/': { documents: '../../playground/queries/*.graphql', ...preset },
  },
};

export default config;
