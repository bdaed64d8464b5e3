// Writes src/cnpg/admission/go-types.json: the fields of the operator's kinds as its webhooks decode and encode them.
// It reads the sources (no compilation) of the modules given as IMPORT-PATH=DIRECTORY, for instance
//
//	go mod download github.com/cloudnative-pg/cloudnative-pg@v1.30.0 (and k8s.io/api, k8s.io/apimachinery,
//	machinery, barman-cloud, prometheus-operator's monitoring at the versions of its go.mod)
//	go run main.go github.com/cloudnative-pg/cloudnative-pg=$(go env GOMODCACHE)/github.com/... … >src/cnpg/admission/go-types.json
//
// Format: type → field of the JSON → Go type, with '?' at the end for omitempty. '*T', '[]T', 'map[string]T' as in Go;
// the other words are kinds of scalars (string, bool, int, int32, int64, float64, quantity, duration, time, intOrString,
// any) or a type of this file.
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

type file struct {
	imports map[string]string
}
type decl struct {
	expr ast.Expr
	file *file
	pkg  string
}

var modules = map[string]string{}
var packages = map[string]map[string]decl{}
var types = map[string]*fieldList{}

// fieldList keeps the order of the struct, in which encoding/json prints it.
type fieldList struct {
	names []string
	types map[string]string
}

func (l *fieldList) set(name, goType string) {
	if _, known := l.types[name]; !known {
		l.names = append(l.names, name)
	}
	l.types[name] = goType
}

func (l *fieldList) MarshalJSON() ([]byte, error) {
	parts := []string{}
	for _, name := range l.names {
		parts = append(parts, fmt.Sprintf("%q: %q", name, l.types[name]))
	}
	return []byte("{" + strings.Join(parts, ", ") + "}"), nil
}

var scalars = map[string]string{
	"k8s.io/apimachinery/pkg/api/resource.Quantity":                 "quantity",
	"k8s.io/apimachinery/pkg/apis/meta/v1.Duration":                 "duration",
	"k8s.io/apimachinery/pkg/apis/meta/v1.Time":                     "time",
	"k8s.io/apimachinery/pkg/util/intstr.IntOrString":               "intOrString",
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSON": "any",
}

func load(path string) map[string]decl {
	if p, ok := packages[path]; ok {
		return p
	}
	dir := ""
	for module, where := range modules {
		if path == module || strings.HasPrefix(path, module+"/") {
			dir = filepath.Join(where, strings.TrimPrefix(path, module))
		}
	}
	if dir == "" {
		panic("no module given for " + path)
	}
	found := map[string]decl{}
	packages[path] = found
	names, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") || strings.Contains(name, "generated") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			panic(err)
		}
		f := &file{imports: map[string]string{}}
		for _, spec := range parsed.Imports {
			imported := strings.Trim(spec.Path.Value, `"`)
			alias := filepath.Base(imported)
			if spec.Name != nil {
				alias = spec.Name.Name
			}
			f.imports[alias] = imported
		}
		for _, d := range parsed.Decls {
			general, ok := d.(*ast.GenDecl)
			if !ok || general.Tok != token.TYPE {
				continue
			}
			for _, spec := range general.Specs {
				t := spec.(*ast.TypeSpec)
				found[t.Name.Name] = decl{t.Type, f, path}
			}
		}
	}
	return found
}

func named(pkg, name string) string {
	if scalar, ok := scalars[pkg+"."+name]; ok {
		return scalar
	}
	d, ok := load(pkg)[name]
	if !ok {
		panic("no type " + pkg + "." + name)
	}
	s, isStruct := d.expr.(*ast.StructType)
	if !isStruct {
		return expression(d.expr, d)
	}
	label := name
	if !strings.HasSuffix(pkg, "cloudnative-pg/api/v1") {
		parts := strings.Split(pkg, "/")
		label = parts[len(parts)-2] + "." + name
	}
	if _, done := types[label]; !done {
		types[label] = &fieldList{types: map[string]string{}}
		fields(s, d, types[label])
	}
	return label
}

func fields(s *ast.StructType, d decl, into *fieldList) {
	for _, field := range s.Fields.List {
		tag := ""
		if field.Tag != nil {
			tag = reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("json")
		}
		parts := strings.Split(tag, ",")
		if tag == "-" || (len(field.Names) > 0 && !field.Names[0].IsExported()) {
			continue
		}
		if parts[0] == "" {
			if len(field.Names) > 0 {
				panic("a field without name in the JSON: " + field.Names[0].Name)
			}
			inline(field.Type, d, into)
			continue
		}
		omit := ""
		for _, option := range parts[1:] {
			if option == "omitempty" {
				omit = "?"
			}
			if option == "omitzero" {
				omit += "0"
			}
		}
		into.set(parts[0], expression(field.Type, d)+omit)
	}
}

func inline(e ast.Expr, d decl, into *fieldList) {
	switch t := e.(type) {
	case *ast.Ident:
		target := load(d.pkg)[t.Name]
		embed(target, into)
	case *ast.SelectorExpr:
		embed(load(d.file.imports[t.X.(*ast.Ident).Name])[t.Sel.Name], into)
	default:
		panic(fmt.Sprintf("cannot embed %T", e))
	}
}

func embed(target decl, into *fieldList) {
	if s, ok := target.expr.(*ast.StructType); ok {
		fields(s, target, into)
	} else {
		inline(target.expr, target, into)
	}
}

func expression(e ast.Expr, d decl) string {
	switch t := e.(type) {
	case *ast.StarExpr:
		return "*" + expression(t.X, d)
	case *ast.ArrayType:
		if id, ok := t.Elt.(*ast.Ident); ok && id.Name == "byte" {
			return "bytes"
		}
		return "[]" + expression(t.Elt, d)
	case *ast.MapType:
		return "map[string]" + expression(t.Value, d)
	case *ast.InterfaceType:
		return "any"
	case *ast.SelectorExpr:
		return named(d.file.imports[t.X.(*ast.Ident).Name], t.Sel.Name)
	case *ast.Ident:
		switch t.Name {
		case "string", "bool", "int", "int32", "int64", "uint32", "uint64", "float64":
			return t.Name
		}
		return named(d.pkg, t.Name)
	}
	panic(fmt.Sprintf("cannot describe %T", e))
}

func main() {
	for _, argument := range os.Args[1:] {
		module, dir, _ := strings.Cut(argument, "=")
		modules[module] = dir
	}
	for _, kind := range []string{"ClusterSpec", "BackupSpec", "ScheduledBackupSpec", "DatabaseSpec", "PoolerSpec"} {
		named("github.com/cloudnative-pg/cloudnative-pg/api/v1", kind)
	}
	out, err := json.MarshalIndent(types, "", " ")
	if err != nil {
		panic(err)
	}
	fmt.Println(string(out))
}
