import { formatDuration } from '../../model/durations.js';
import { everyOf } from '../../model/selection.js';
import { nothing, type RuleLint, told } from './linted.js';

export const windowOfFewScrapes: RuleLint = ({ rule: { selection }, scrapeInterval }) =>
  selection.panes?.session || selection.window >= 2 * scrapeInterval
    ? nothing
    : told(
        'window',
        `${formatDuration(selection.window)} is shorter than two scrapes, which are ${formatDuration(scrapeInterval)} apart (--scrape-interval): its values are shares of what grew over a longer time`,
      );

export const forBelowStep: RuleLint = ({ rule }) => {
  const step = everyOf(rule.selection);
  return rule.for > 0 && rule.for < step
    ? told(
        'for',
        `windows end ${formatDuration(step)} apart: a for of ${formatDuration(rule.for)} is one of ${formatDuration(step)}`,
      )
    : nothing;
};

export const lingerWithinStep: RuleLint = ({ rule }) => {
  const step = everyOf(rule.selection);
  return rule.keepFiringFor > 0 && rule.keepFiringFor <= step
    ? told(
        'keep_firing_for',
        `windows end ${formatDuration(step)} apart: a keep_firing_for of ${formatDuration(rule.keepFiringFor)} has passed when the next one ends, and does nothing`,
      )
    : nothing;
};
