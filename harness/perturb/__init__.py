"""Conditions that a run is done under besides the clean one: noise, babble, rooms, codecs, levels, tempo, silence.

base          what a perturbation is: a pure function of samples, values and a generator of random numbers
kinds         one perturbation a module, each with an object ``PERTURBATION``; nothing else mentions them
levels        how loud speech is, and mixing at a signal-to-noise ratio
registry      all of them by name
spec          `--perturb` to conditions, with one line for what cannot be meant
names         what a benchmark under a condition is called, and what the clean one is called
suite         a suite and its data sets, each under every condition besides
apply         the one place where samples are changed, called by `harness.audio.loading`

What comes out depends on the samples, the condition, the seed and the utterance's id alone: not on batches, threads,
other utterances, or whether it was done before.
"""
