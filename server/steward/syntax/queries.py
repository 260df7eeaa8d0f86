"""What defines, names and imports something in each language, as tree-sitter queries.

Of a definition, the capture that is none of `name`, `body` and `container` says its kind and its
span; a `scope` is no definition itself but holds some. Of an import, `import` is what belongs
together, `module` what it names, `imported` and `alias` are names, `level` that it is relative.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Queries:
    """The queries of one language."""

    definitions: str
    names: str
    """The kinds of node that name something."""
    imports: str = ""
    separator: str = ""
    """What parts a module's path from the last name in it, where that is what is imported."""


_PYTHON = Queries(
    """
    (function_definition name: (_) @name body: (_) @body) @function
    (class_definition name: (_) @name body: (_) @body) @class
    (module (expression_statement (assignment left: (identifier) @name) @variable))
    (class_definition body: (block (expression_statement
      (assignment left: (identifier) @name) @field)))
    (type_alias_statement left: (type (identifier) @name)) @type
    """,
    "identifier",
    """
    (import_statement name: (dotted_name) @module @import)
    (import_statement name: (aliased_import name: (_) @module alias: (_) @alias) @import)
    (import_from_statement module_name: (dotted_name) @module) @import
    (import_from_statement module_name: (relative_import
      (import_prefix) @level (dotted_name)? @module)) @import
    (import_from_statement name: (dotted_name) @imported) @import
    (import_from_statement name: (aliased_import name: (_) @imported)) @import
    (import_from_statement (wildcard_import) @imported) @import
    """,
)
_JAVASCRIPT_DEFINITIONS = """
    (function_declaration name: (_) @name body: (_) @body) @function
    (generator_function_declaration name: (_) @name body: (_) @body) @function
    (class_declaration name: (_) @name body: (_) @body) @class
    (method_definition name: (_) @name body: (_) @body) @method
    (program (lexical_declaration (variable_declarator name: (identifier) @name) @variable))
    (program (variable_declaration (variable_declarator name: (identifier) @name) @variable))
    (export_statement (lexical_declaration
      (variable_declarator name: (identifier) @name) @variable))
    (variable_declarator name: (identifier) @name
      value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @function
    (assignment_expression left: (member_expression property: (_) @name)
      right: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @function
    """
_JAVASCRIPT_IMPORTS = """
    (import_statement source: (string (string_fragment) @module)) @import
    (import_statement (import_clause (identifier) @imported)) @import
    (import_statement (import_clause (namespace_import (identifier) @alias))) @import
    (import_statement (import_clause (named_imports
      (import_specifier name: (_) @imported)))) @import
    (export_statement source: (string (string_fragment) @module)) @import
    (export_statement (export_clause (export_specifier name: (_) @imported))
      source: (string)) @import
    (call_expression function: (identifier) @_require (#eq? @_require "require")
      arguments: (arguments (string (string_fragment) @module))) @import
    (call_expression function: (import)
      arguments: (arguments (string (string_fragment) @module))) @import
    (variable_declarator name: (object_pattern (shorthand_property_identifier_pattern) @imported)
      value: (call_expression function: (identifier) @_require (#eq? @_require "require")) @import)
    (variable_declarator name: (object_pattern (pair_pattern key: (_) @imported))
      value: (call_expression function: (identifier) @_require (#eq? @_require "require")) @import)
    (variable_declarator name: (identifier) @alias
      value: (call_expression function: (identifier) @_require (#eq? @_require "require")) @import)
    """
_JAVASCRIPT = Queries(
    _JAVASCRIPT_DEFINITIONS + "(field_definition property: (_) @name) @field",
    "identifier property_identifier private_property_identifier shorthand_property_identifier"
    " shorthand_property_identifier_pattern",
    _JAVASCRIPT_IMPORTS,
)
_TYPESCRIPT = Queries(
    _JAVASCRIPT_DEFINITIONS
    + """
    (public_field_definition name: (_) @name) @field
    (abstract_class_declaration name: (_) @name body: (_) @body) @class
    (abstract_method_signature name: (_) @name) @method
    (method_signature name: (_) @name) @method
    (property_signature name: (_) @name) @field
    (function_signature name: (_) @name) @function
    (interface_declaration name: (_) @name body: (_) @body) @interface
    (type_alias_declaration name: (_) @name) @type
    (enum_declaration name: (_) @name body: (_) @body) @enum
    (internal_module name: (_) @name body: (_) @body) @module
    (module name: (identifier) @name body: (_) @body) @module
    """,
    _JAVASCRIPT.names + " type_identifier",
    _JAVASCRIPT_IMPORTS
    + """
    (import_statement (import_require_clause (identifier) @alias
      source: (string (string_fragment) @module))) @import
    """,
)
_GO = Queries(
    """
    (function_declaration name: (_) @name body: (_)? @body) @function
    (method_declaration receiver: (parameter_list
      (parameter_declaration type: (_) @container)) name: (_) @name body: (_)? @body) @method
    (type_spec name: (_) @name type: (struct_type (field_declaration_list) @body)) @struct
    (type_spec name: (_) @name type: (interface_type)) @interface
    (type_spec name: (_) @name) @type
    (type_alias name: (_) @name) @type
    (method_elem name: (_) @name) @method
    (field_declaration name: (_) @name) @field
    (source_file (const_declaration (const_spec (identifier) @name) @constant))
    (source_file (var_declaration (var_spec (identifier) @name) @variable))
    (source_file (var_declaration (var_spec_list (var_spec (identifier) @name) @variable)))
    """,
    "identifier type_identifier field_identifier package_identifier",
    "(import_spec name: (_)? @alias path: (_) @module) @import",
)
_RUST = Queries(
    """
    (function_item name: (_) @name body: (_) @body) @function
    (function_signature_item name: (_) @name) @function
    (struct_item name: (_) @name body: (_)? @body) @struct
    (union_item name: (_) @name body: (_) @body) @struct
    (enum_item name: (_) @name body: (_) @body) @enum
    (trait_item name: (_) @name body: (_) @body) @interface
    (mod_item name: (_) @name body: (_) @body) @module
    (impl_item type: (_) @name body: (_) @body) @scope
    (macro_definition name: (_) @name) @macro
    (type_item name: (_) @name) @type
    (const_item name: (_) @name) @constant
    (static_item name: (_) @name) @variable
    (field_declaration name: (_) @name) @field
    """,
    "identifier type_identifier field_identifier",
    "(use_declaration argument: (_) @module) @import",
    "::",
)
_JAVA = Queries(
    """
    (class_declaration name: (_) @name body: (_) @body) @class
    (record_declaration name: (_) @name body: (_) @body) @class
    (interface_declaration name: (_) @name body: (_) @body) @interface
    (annotation_type_declaration name: (_) @name body: (_) @body) @interface
    (enum_declaration name: (_) @name body: (_) @body) @enum
    (method_declaration name: (_) @name body: (_)? @body) @method
    (constructor_declaration name: (_) @name body: (_) @body) @method
    (field_declaration declarator: (variable_declarator name: (_) @name)) @field
    """,
    "identifier type_identifier",
    "(import_declaration [(scoped_identifier) (identifier)] @module (asterisk)? @imported) @import",
    ".",
)
_C_DEFINITIONS = """
    (function_definition declarator: (function_declarator declarator: (_) @name)
      body: (_)? @body) @function
    (function_definition declarator: (_ declarator: (function_declarator declarator: (_) @name))
      body: (_) @body) @function
    (function_definition declarator: (_ (function_declarator declarator: (_) @name))
      body: (_) @body) @function
    (declaration declarator: (function_declarator declarator: (identifier) @name)) @function
    (declaration declarator: (pointer_declarator
      declarator: (function_declarator declarator: (identifier) @name))) @function
    (translation_unit (declaration declarator: (init_declarator
      declarator: (identifier) @name)) @variable)
    (translation_unit (declaration declarator: (identifier) @name) @variable)
    (struct_specifier name: (_) @name body: (_) @body) @struct
    (union_specifier name: (_) @name body: (_) @body) @struct
    (enum_specifier name: (_) @name body: (_) @body) @enum
    (type_definition declarator: (type_identifier) @name) @type
    (type_definition declarator: (function_declarator declarator: (parenthesized_declarator
      (pointer_declarator declarator: (type_identifier) @name)))) @type
    (preproc_def name: (_) @name) @macro
    (preproc_function_def name: (_) @name) @macro
    (field_declaration declarator: (field_identifier) @name) @field
    """
_C_IMPORTS = """
    (preproc_include path: (system_lib_string) @module) @import
    (preproc_include path: (string_literal) @module @level) @import
    """
_C = Queries(_C_DEFINITIONS, "identifier type_identifier field_identifier", _C_IMPORTS)
_CPP = Queries(
    _C_DEFINITIONS
    + """
    (class_specifier name: (_) @name body: (_) @body) @class
    (namespace_definition name: (_) @name body: (_) @body) @module
    (field_declaration declarator: (function_declarator declarator: (_) @name)) @method
    (field_declaration declarator: (_ (function_declarator declarator: (_) @name))) @method
    (alias_declaration name: (_) @name) @type
    (concept_definition name: (_) @name) @type
    """,
    "identifier type_identifier field_identifier namespace_identifier",
    _C_IMPORTS,
)
_CSHARP = Queries(
    """
    (class_declaration name: (_) @name body: (_)? @body) @class
    (struct_declaration name: (_) @name body: (_)? @body) @struct
    (record_declaration name: (_) @name body: (_)? @body) @class
    (interface_declaration name: (_) @name body: (_)? @body) @interface
    (enum_declaration name: (_) @name body: (_)? @body) @enum
    (namespace_declaration name: (_) @name body: (_) @body) @module
    (method_declaration name: (_) @name body: (_)? @body) @method
    (constructor_declaration name: (_) @name body: (_)? @body) @method
    (property_declaration name: (_) @name accessors: (_)? @body) @field
    (field_declaration (variable_declaration (variable_declarator name: (_) @name))) @field
    (event_field_declaration (variable_declaration (variable_declarator name: (_) @name))) @field
    (delegate_declaration name: (_) @name) @type
    """,
    "identifier",
    """
    (using_directive !name [(qualified_name) (identifier)] @module) @import
    (using_directive name: (_) @alias (qualified_name) @module) @import
    """,
)
_RUBY = Queries(
    """
    (module name: (_) @name body: (_)? @body) @module
    (class name: (_) @name body: (_)? @body) @class
    (method name: (_) @name body: (_)? @body) @function
    (singleton_method name: (_) @name body: (_)? @body) @function
    (assignment left: (constant) @name) @constant
    """,
    "identifier constant instance_variable",
    """
    (call method: (identifier) @_require (#eq? @_require "require")
      arguments: (argument_list (string (string_content) @module))) @import
    (call method: (identifier) @level (#eq? @level "require_relative")
      arguments: (argument_list (string (string_content) @module))) @import
    """,
)
_PHP = Queries(
    """
    (class_declaration name: (_) @name body: (_) @body) @class
    (interface_declaration name: (_) @name body: (_) @body) @interface
    (trait_declaration name: (_) @name body: (_) @body) @class
    (enum_declaration name: (_) @name body: (_) @body) @enum
    (function_definition name: (_) @name body: (_) @body) @function
    (method_declaration name: (_) @name body: (_)? @body) @method
    (property_declaration (property_element name: (variable_name (name) @name))) @field
    (const_declaration (const_element (name) @name)) @constant
    """,
    "name",
    """
    (namespace_use_declaration (namespace_use_clause
      [(qualified_name) (name)] @module !alias) @import)
    (namespace_use_declaration (namespace_use_clause
      (qualified_name) @module alias: (_) @alias) @import)
    (namespace_use_declaration (namespace_name) @module (namespace_use_group
      (namespace_use_clause . [(qualified_name) (name)] @imported))) @import
    """,
    "\\",
)
_LUA = Queries(
    """
    (function_declaration name: (_) @name body: (_)? @body) @function
    (assignment_statement (variable_list name: (_) @name)
      (expression_list value: (function_definition body: (_)? @body))) @function
    (chunk (variable_declaration (assignment_statement (variable_list name: (_) @name))) @variable)
    """,
    "identifier",
    """
    (function_call name: (identifier) @_require (#eq? @_require "require")
      arguments: (arguments (string content: (_) @module))) @import
    """,
)
_SHELL = Queries(
    """
    (function_definition name: (_) @name body: (_) @body) @function
    (program (variable_assignment name: (_) @name) @variable)
    (program (declaration_command (variable_assignment name: (_) @name)) @variable)
    """,
    "command_name variable_name",
    """
    (command name: (command_name) @level (#any-of? @level "source" ".")
      . argument: (word) @module) @import
    """,
)

QUERIES = {
    "python": _PYTHON,
    "javascript": _JAVASCRIPT,
    "typescript": _TYPESCRIPT,
    "typescriptreact": _TYPESCRIPT,
    "go": _GO,
    "rust": _RUST,
    "java": _JAVA,
    "c": _C,
    "cpp": _CPP,
    "csharp": _CSHARP,
    "ruby": _RUBY,
    "php": _PHP,
    "lua": _LUA,
    "shellscript": _SHELL,
}
