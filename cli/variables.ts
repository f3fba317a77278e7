import { nearest } from '../pipeline/sla/diagnostics.js';
import { urlOption } from './options.js';
import { variables } from './settings.js';

/** What Compose reads (compose/compose.yaml), and may be set where ours are. */
const ofCompose = ['TIDEMARK_IMAGE', 'TIDEMARK_VPS_IMAGE'];

const PREFIX = 'TIDEMARK_';

/** What begins like a variable of ours and is none, a line each: a slip, which would pass in silence. */
export function unknownVariables(environment: Readonly<NodeJS.ProcessEnv>): string[] {
  const known = [...variables, urlOption().envVar ?? ''];
  return Object.keys(environment)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name) && !ofCompose.includes(name))
    .map((name) => {
      // Some of ours have their usual name, without.
      const bare = name.slice(PREFIX.length);
      const near = nearest(known.includes(bare) ? bare : name, known);
      return `${name} is ignored: no command knows it${near}`;
    });
}
