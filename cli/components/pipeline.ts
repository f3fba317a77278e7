import type { RuleSet } from '../../pipeline/model/rule.js';
import type { RulesRejected } from '../../schemas/types.js';
import { clusterNames, connectCluster } from '../cluster.js';
import { componentCommand } from '../component.js';
import { loadRules, usualRules } from '../rules.js';
import { PARTITIONS, rejectRules, rememberRules } from '../topics.js';

export const pipelineCommand = () =>
  componentCommand({
    name: 'pipeline',
    description:
      'the engine: metrics to windows and alerts, over Kafka; start several to share the partitions',
    names: [...clusterNames, 'sla', 'checkpointEvery', 'maxSeries', 'maxGroups'],
    defaults: { sla: usualRules() },
    start: async (settings, surroundings) => {
      const { logger, registry, liveness, onFatal, onStop } = surroundings;
      const rules = loadRules(settings.sla);
      const { log, codec, close } = await connectCluster(settings, surroundings);
      onStop(close);
      const remember = (one: RuleSet): Promise<void> => rememberRules(log, codec, one);
      const reject = (one: RulesRejected): Promise<void> => rejectRules(log, codec, one);
      await remember(rules);
      const { followRules } = await import('../follow-rules.js');
      const live = followRules({ rules, remember, reject }, surroundings);
      const { runPipeline } = await import('../pipeline.js');
      const pipeline = await runPipeline({
        ...{ log, codec, registry, onFatal },
        rules: live,
        targets: PARTITIONS,
        checkpointEvery: settings.checkpointEvery,
        limits: settings,
        warn: (text) => logger.warn(text),
        say: (text) => logger.info(text),
        pause: liveness.pause,
      });
      onStop(() => pipeline.stop());
      return { ready: () => Promise.resolve(pipeline.member) };
    },
  });
