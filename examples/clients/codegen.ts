import type { CodegenConfig } from '@graphql-codegen/cli';

const preset: CodegenConfig['generates'][string] = {
  preset: 'client',
  // No tree of components here whose fragments would need masking.
  presetConfig: { fragmentMasking: false },
  config: {
    // A scalar that is not listed stops the build, instead of becoming `any`.
    strictScalars: true,
    scalars: { ID: { input: 'string', output: 'string' }, DateTime: 'string', JSON: 'unknown' },
    enumsAsTypes: true,
    useTypeImports: true,
  },
};

/** Types of the operations in src/ and of the playground's, made of the schema that the server generates. */
const config: CodegenConfig = {
  schema: '../../schema.graphql',
  generates: {
    'src/generated/': { documents: 'src/*.ts', ...preset },
    'src/generated/playground/': { documents: '../../playground/queries/*.graphql', ...preset },
  },
};

export default config;
