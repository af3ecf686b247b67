package table

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestParseNumberIsStrconvOnDecimalTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(
			rapid.StringMatching(`[+-]?[0-9]{1,25}(\.[0-9]{0,25})?([eE][+-]?[0-9]{1,3})?`),
			rapid.StringMatching(`[+-]?\.[0-9]{1,8}([eE][+-]?[0-9]{1,2})?`),
			rapid.Custom(func(t *rapid.T) string {
				return strconv.FormatFloat(rapid.Float64().Draw(t, "v"), 'g', -1, 64)
			}),
		).Draw(t, "s")
		want, err := strconv.ParseFloat(s, 64)
		n := parseNumber(s)
		if err != nil {
			require.Equal(t, overflow, n.form, s)
			return
		}
		require.NotContains(t, []form{word, overflow}, n.form, s)
		require.Equal(t, want, n.value, s)
	})
}

func TestDecimalsAreThoseOfTheValue(t *testing.T) {
	for s, want := range map[string]int{
		"0": 0, "0.000": 0, "-7": 0, "1.50": 1, "2.25": 2, "100": 0, "1e3": 0, "12.5e1": 0, "1.25e1": 1,
		"15e-1": 1, "150e-2": 1, "1e-7": 7, ".5": 1, "5.": 0, "0.30000000000000004": 17,
	} {
		n := parseNumber(s)
		require.Equal(t, want, n.decimals, s)
		require.Equal(t, decimal, n.form, s)
	}
}

func TestTextsThatAreNoPlainNumbersAreTold(t *testing.T) {
	for s, want := range map[string]form{
		"": word, "+": word, ".": word, "e5": word, "1e": word, "1e+": word, "1e5.5": word, "1.2.3": word, "1 000": word,
		"1,000": word, "1_000": word, "0x1F": word, "Inf": word, "-inf": word, "NaN": word, "5%": word, "−5": word, "1e5x": word,
		"007": code, "-01": code, "00": code, "0": decimal, "0.5": decimal, "-0": decimal,
		"9007199254740992": decimal, "9007199254740993": huge, "-9007199254740994": huge, "90071992547409920": huge,
		"1700000000123456789": huge, "100000000000000000000000": huge, "1e20": decimal,
		"1e308": decimal, "1e309": overflow, "-1e400": overflow, "1e999999999999": overflow, "1e-999999999999": decimal,
		strings.Repeat("9", 400): overflow,
	} {
		require.Equal(t, want, parseNumber(s).form, s)
	}
	require.False(t, math.Signbit(parseNumber("-0").value))
}

func TestSnapIsTheNumberAsItIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.IntRange(0, 9).Draw(t, "decimals")
		k := rapid.Int64Range(-1_000_000_000, 1_000_000_000).Draw(t, "k")
		m := rapid.SampledFrom([]int64{1, 1, 3, 15, 25, 120, 999}).Draw(t, "step")
		step := float64(m) / pow10[d]
		want, err := strconv.ParseFloat(fmt.Sprintf("%de-%d", k*m, d), 64)
		require.NoError(t, err)
		off := rapid.Float64Range(-.49, .49).Draw(t, "off")
		f := Field{Kind: Number, Step: step}
		require.Equal(t, want, f.Snap(want+off*step))
		v, err := f.Parse(f.Text(want))
		require.NoError(t, err)
		require.Equal(t, want, v)
	})
	for _, c := range []struct{ v, step, want float64 }{
		{.17, .05, .15}, {7.4, 2.5, 7.5}, {-3, 5, -5}, {1e300, .01, 1e300}, {1.26, 0, 1.26}, {-.2, 1, 0}, {86399, 86400, 86400},
		{52936.7, .3, 52936.8}, {.43, .15, .45}, {.8, 2. / 3, 2. / 3}, {1e-13, 3e-15, 9.9e-14},
	} {
		require.Equal(t, c.want, Field{Kind: Number, Step: c.step}.Snap(c.v), "%v on %v", c.v, c.step)
		require.False(t, math.Signbit(Field{Step: c.step}.Snap(c.v)) && c.want == 0)
		f := Field{Kind: Number, Step: c.step}
		v, err := f.Parse(f.Text(c.want))
		require.NoError(t, err)
		require.Equal(t, c.want, v, "as it is written")
	}
}
