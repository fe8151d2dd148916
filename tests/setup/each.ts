import fc from 'fast-check'

// The same examples in every run: a red test is red again when it is run again. Longer hunts give a seed of their own to `fc.assert`.
fc.configureGlobal({ seed: 20260301 })
