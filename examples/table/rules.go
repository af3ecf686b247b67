package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/gradlogp/gradlogp/dataset/table"
)

// parseRules returns the rules that texts such as these state:
//
//	a<=b<=c     columns in order          0<=a<=1, a>=0   bounds of a column
//	a+b=c       a sum of columns          a+b+c=100       a sum that is always the same
func parseRules(t *table.Table, all []string) ([]table.Rule, error) {
	var rules []table.Rule
	for _, text := range all {
		rule, err := parseRule(t, text)
		if err != nil {
			return nil, fmt.Errorf("-rule %q: %w", text, err)
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

func parseRule(t *table.Table, text string) (table.Rule, error) {
	switch {
	case strings.Contains(text, "<="):
		return parseOrder(t, parts(text, "<="))
	case strings.Contains(text, ">="):
		terms := parts(text, ">=")
		for i, k := 0, len(terms)-1; i < k; i, k = i+1, k-1 {
			terms[i], terms[k] = terms[k], terms[i]
		}
		return parseOrder(t, terms)
	case strings.Contains(text, "="):
		return parseSum(t, parts(text, "="))
	}
	return nil, fmt.Errorf("want a<=b, 0<=a<=1, a+b=c or the like")
}

func parts(text, by string) []string {
	all := strings.Split(text, by)
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

func parseOrder(t *table.Table, terms []string) (table.Rule, error) {
	columns, low, high := terms, math.Inf(-1), math.Inf(1)
	if len(terms) > 1 && t.Index(terms[0]) < 0 && t.Index(terms[1]) >= 0 {
		f := t.Fields[t.Index(terms[1])]
		v, err := f.Parse(terms[0])
		if err != nil {
			return nil, unknown(t, terms[0])
		}
		low, columns = v, columns[1:]
	}
	if last := columns[len(columns)-1]; len(columns) > 1 && t.Index(last) < 0 && t.Index(columns[0]) >= 0 {
		v, err := t.Fields[t.Index(columns[0])].Parse(last)
		if err != nil {
			return nil, unknown(t, last)
		}
		high, columns = v, columns[:len(columns)-1]
	}
	for _, name := range columns {
		if t.Index(name) < 0 {
			return nil, unknown(t, name)
		}
	}
	bounded := !math.IsInf(low, 0) || !math.IsInf(high, 0)
	switch {
	case bounded && len(columns) == 1:
		return table.Bounds{Column: columns[0], Low: low, High: high}, nil
	case !bounded && len(columns) > 1:
		return table.Order{Columns: columns}, nil
	}
	return nil, fmt.Errorf("want columns in order, or one between numbers")
}

func parseSum(t *table.Table, sides []string) (table.Rule, error) {
	if len(sides) != 2 {
		return nil, fmt.Errorf("want one =")
	}
	columns := parts(sides[0], "+")
	for _, name := range columns {
		if t.Index(name) < 0 {
			return nil, unknown(t, name)
		}
	}
	if t.Index(sides[1]) >= 0 {
		return table.Sum{Columns: columns, Total: sides[1]}, nil
	}
	v, err := strconv.ParseFloat(sides[1], 64)
	if err != nil {
		return nil, unknown(t, sides[1])
	}
	return table.Sum{Columns: columns, Constant: v}, nil
}

// unknown returns an error for what is no column.
func unknown(t *table.Table, name string) error {
	return fmt.Errorf("%q is no column and no number; the columns are %s", name, names(t.Fields))
}

// names lists the columns that can be learned.
func names(fields []table.Field) string {
	var all []string
	for _, f := range fields {
		if f.Kind != table.Identifier {
			all = append(all, f.Name)
		}
	}
	return strings.Join(all, ", ")
}
