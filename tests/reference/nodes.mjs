// Finds the nodes of a document that a mutation changes.
import { visit } from 'graphql';

/** All nodes of these kinds, each with the list or node that holds it: {node, key, parent}. */
export function nodesOf(document, ...kinds) {
  const found = [];
  visit(document, {
    enter(node, key, parent) {
      if (kinds.includes(node.kind)) found.push({ node, key, parent });
    },
  });
  return found;
}

/** Picks one of the nodes of these kinds and changes it with `change`. */
export const changing = (kinds, change, accepts = () => true) => (random, request) => {
  const nodes = nodesOf(request.document, ...kinds).filter(({ node }) => accepts(node));
  return nodes.length > 0 && change(random.pick(nodes), random, request) !== false;
};
