// The variables of one random operation: their definitions and values.
import { GraphQLNonNull, Kind, getNullableType, isNonNullType, parseType } from 'graphql';
import { jsonValue, literal, variableNode } from './values.mjs';

const MAX_VARIABLES = 6;

export class Variables {
  #definitions = new Map();
  values = {};

  constructor(random) {
    this.random = random;
  }

  /**
   * Sometimes returns a variable for a position with this type and value, otherwise undefined. `hasDefault` says
   * whether the position has a default value, so that a nullable variable is allowed there.
   */
  standIn = (type, hasDefault, value) => {
    const { random } = this;
    if (!random.chance(0.28)) return undefined;
    const known = [...this.#definitions.values()].filter(({ position }) => position === String(type));
    if (known.length > 0 && random.chance(0.4)) return variableNode(random.pick(known).name);
    if (this.#definitions.size >= MAX_VARIABLES) return undefined;
    const name = `v${this.#definitions.size}`;
    const { declared, defaultValue } = this.#declare(type, hasDefault, value);
    const mayBeMissing = defaultValue !== undefined || !isNonNullType(declared);
    const isMissing = mayBeMissing && random.chance(value === null ? 0.5 : 0.3);
    if (!isMissing) this.values[name] = value;
    this.#definitions.set(name, { name, position: String(type), type: String(declared), defaultValue });
    return variableNode(name);
  };

  /** The type and the default value of the definition of a variable in this position. */
  #declare(type, hasDefault, value) {
    const { random } = this;
    const nullable = getNullableType(type);
    const nonNull = new GraphQLNonNull(nullable);
    if (random.chance(0.3)) {
      const byDefault = jsonValue(random, nonNull, 'countries');
      const declared = value !== null && random.chance(0.2) ? nonNull : nullable;
      return { declared, defaultValue: literal(random, nullable, byDefault) };
    }
    if (!isNonNullType(type) && value !== null && random.chance(0.3)) return { declared: nonNull };
    if (isNonNullType(type) && hasDefault && random.chance(0.5)) return { declared: nullable };
    return { declared: type };
  }

  definitionNodes() {
    return [...this.#definitions.values()].map(({ name, type, defaultValue }) => ({
      kind: Kind.VARIABLE_DEFINITION, variable: variableNode(name), type: parseType(type), defaultValue,
    }));
  }
}
