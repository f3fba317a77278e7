import { isDeepStrictEqual } from 'node:util';
import { compileMatchers, type Matcher } from '../../model/matcher.js';
import { sameRule } from '../../model/same-rule.js';
import { labelsIn } from '../templates.js';
import { type FileLint, nothing, type RuleLint, told } from './linted.js';
import { measuresOf } from './parts.js';

export const unknownLabels: RuleLint = ({ rule }) => {
  const known = new Set([...rule.selection.by, ...Object.keys(rule.labels), 'alertname', 'severity']);
  const used = new Set(Object.values(rule.annotations).flatMap(labelsIn));
  return [...used]
    .filter((name) => !known.has(name))
    .flatMap((name) =>
      told(
        'annotations',
        `{{ $labels.${name} }} is always empty: by is [${rule.selection.by.join(', ')}], without ${name}`,
      ),
    );
};

/** One label's matchers that leave no value. */
const contradiction = (matchers: readonly Matcher[]): Matcher | undefined =>
  matchers.find(
    ({ label, operator, value }) =>
      operator === '=' && !compileMatchers(matchers.filter((one) => one.label === label))({ [label]: value }),
  );

export const matchesNothing: RuleLint = ({ rule: { selection } }) => {
  const one = contradiction(selection.match);
  return one
    ? told('match', `this matches no series: ${one.label}="${one.value}" contradicts another matcher`)
    : nothing;
};

export const noErrorsAmongMatched: RuleLint = ({ rule }) => {
  const { match, errors } = rule.selection;
  if (!measuresOf(rule).includes('error_ratio') || contradiction(match)) return nothing;
  const one = contradiction([...match, ...errors]);
  return one
    ? told(
        'match',
        `no request that this matches is an error: ${one.label}="${one.value}" contradicts errors`,
      )
    : nothing;
};

export const sameAsAnother: RuleLint = ({ rule, rules }) => {
  const other = rules.find(
    (one) =>
      one.line < rule.line &&
      sameRule({ ...rule, alert: one.alert, name: one.name }, one) &&
      isDeepStrictEqual(rule.labels, one.labels),
  );
  return other ? told('alert', `this judges what ${other.alert} in line ${other.line} judges`) : nothing;
};

export const defaultsUnused: FileLint = ({ defaults, own }) =>
  [...defaults]
    .filter((key) => key !== 'labels' && own.length > 0 && own.every((keys) => keys.has(key)))
    .flatMap((key) => told(key, `every rule says ${key} for itself`));
