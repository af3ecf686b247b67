package score

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/checkpoint"
)

// Descriptions that no Save writes.
func TestHostileDescriptionsAreErrors(t *testing.T) {
	nested := strings.Repeat("nn.Sequential{", 5000)
	for want, c := range map[string]struct{ key, text string }{
		`"nn.Wavelet" is not a part that this version of the library can make`: {metaNet, "nn.Wavelet{}"},
		`"evil/nn.MLP" is not a part`:                                          {metaNet, "evil/nn.MLP{}"},
		`"" is not a part`:                                                     {metaProcess, ""},
		"a sde.VP where a nn.Module should stand":                              {metaNet, "sde.VP{}"},
		"a sde.Discrete where a sde.SDE should stand":                          {metaProcess, "sde.Discrete{}"},
		"Discrete has no steps":                                                {metaProcess, "&sde.Discrete{}"},
		"nil in the file,":                                                     {metaProcess, "nil"},
		`sde.Discrete has no field "steps"`:                                    {metaProcess, "&sde.Discrete{steps:nil}"},
		"logA has 1 entries and q has 2":                                       {metaProcess, "sde.NewDiscrete([]float64{1}, []float64{1, 2})"},
		`"5" where "[]float64{" should stand`:                                  {metaProcess, "sde.NewDiscrete(5"},
		"VP.BetaMin: is NaN":                                                   {metaProcess, "sde.VP{BetaMin:NaN}"},
		`sde.VP has no field "Beta"`:                                           {metaProcess, "sde.VP{Beta:1}"},
		`sde.VP has no field "BetaMin", or not in this`:                        {metaProcess, "sde.VP{BetaMin:1, BetaMin:2}"},
		`"}" where ":" should stand`:                                           {metaProcess, "sde.VP{BetaMin}"},
		`"x" where a float64 should stand`:                                     {metaProcess, "sde.VP{BetaMin:x}"},
		`"1e999" where a float64 should stand`:                                 {metaProcess, "sde.VP{BetaMin:1e999}"},
		`" " where the end should stand`:                                       {metaProcess, "sde.EDM{} "},
		`"" where ", " should stand`:                                           {metaProcess, "sde.EDM{SigmaMin:1"},
		"gradlogp.process is\n\tsde.EDM{SigmaMin:0} in":                        {metaProcess, "sde.EDM{SigmaMin:0}"},
		"the whole number 99999999 is more than":                               {metaNet, "nn.Sequential{nn.MLP{Hidden:[]int{16, 16}}, nn.Fourier{N:99999999}}"},
		"the whole number -9223372036854775808 is":                             {metaNet, "nn.Linear{Out:-9223372036854775808}"},
		"the whole number 60000 is more than":                                  {metaNet, "nn.Parallel{nn.Linear{Out:60000}, nn.Linear{Out:60000}}"},
		"nn: Fourier features of 128002":                                       {metaNet, "nn.Sequential{nn.Fourier{N:32000}, nn.Fourier{N:30000}}"},
		"the network has 256015997 weights, the file":                          {metaNet, "nn.Sequential{nn.Linear{Out:16000}, nn.Linear{Out:15997}, nn.Columns{From:1, To:3}}"},
		"parts lie more than 100 deep":                                         {metaNet, nested},
		"Config.Net: nn: Module: Sequential[0]: is <nil>":                      {metaNet, "nn.Sequential{nil}"},
		"the network's output has 3 columns":                                   {metaNet, "nn.Linear{Out:3}"},
		`"maybe" where a bool should stand`:                                    {metaNet, "nn.LayerNorm{Plain:maybe}"},
		"a score.EDM where a nn.Module should stand":                           {metaNet, "score.EDM{}"},
		"a nn.SiLU where a score.Precond should stand":                         {metaPrecond, "nn.SiLU{}"},
		"EDM.Variance: is -1":                                                  {metaPrecond, "score.EDM{Variance:-1}"},
		`where "score.Conditions{" should stand`:                               {metaCond, "nn.SiLU{}"},
		"Config.Cond.Classes[0]: is -1":                                        {metaCond, "score.Conditions{Classes:[]int{-1}}"},
		`gradlogp.dim is "-2"`:                                                 {metaDim, "-2"},
		`gradlogp.dim is "99999999999"`:                                        {metaDim, "99999999999"},
		"the network's output has 2 columns, want 3":                           {metaDim, "3"},
		`gradlogp.min_noise is "low"`:                                          {metaMinNoise, "low"},
		"MinNoise: is NaN":                                                     {metaMinNoise, "NaN"},
		`"… is not a part that this version`:                                   {metaNet, strings.Repeat("x", 1<<20)},
	} {
		f, err := checkpoint.Read(bytes.NewReader(saved(t, newModel(t, 2, Config{Net: nn.Sequential{small, nn.Linear{Out: 2}}}))))
		require.NoError(t, err)
		f.Metadata[c.key] = c.text
		_, err = open(f)
		t.Run(want, func(t *testing.T) {
			require.ErrorContains(t, err, want)
			require.Less(t, len(err.Error()), 1000)
		})
	}
}

// Whatever a file says of itself, there is a model that says the same or an
// error.
func FuzzOpen(f *testing.F) {
	base := func(t testing.TB) *checkpoint.File {
		file := &bytes.Buffer{}
		require.NoError(t, newModel(t, 2, Config{}).Save(file))
		f, err := checkpoint.Read(file)
		require.NoError(t, err)
		return f
	}
	for _, c := range libraryModels {
		m, err := New(2, &c)
		require.NoError(f, err)
		list, _, err := m.description()
		require.NoError(f, err)
		at := map[string]string{}
		for _, d := range list {
			at[d.key] = d.value
		}
		f.Add(at[metaProcess], at[metaNet], at[metaPrecond], at[metaCond], at[metaMinNoise])
	}
	f.Fuzz(func(t *testing.T, process, net, precond, cond, least string) {
		file := base(t)
		for k, v := range map[string]string{metaProcess: process, metaNet: net, metaPrecond: precond, metaCond: cond, metaMinNoise: least} {
			if v != "" {
				file.Metadata[k] = v
			}
		}
		m, err := open(file)
		if err != nil {
			require.Nil(t, m)
			return
		}
		list, _, err := m.description()
		require.NoError(t, err)
		for _, d := range list {
			require.Equal(t, file.Metadata[d.key], d.value)
		}
	})
}
