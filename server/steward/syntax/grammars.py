"""The grammars by language, and what their kinds of nodes mean, as data.

The names of nodes are those of the grammars. One table serves them all: where two grammars use
one name, they mean the same by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Place = Literal["code", "comment", "string"]
Kind = Literal[
    "comment", "string", "argument", "parameter", "block", "import", "expression", "statement",
    "other",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Grammar:
    """Where the grammar of a language is found."""

    module: str
    function: str = "language"


GRAMMARS = {
    "python": Grammar("tree_sitter_python"),
    "javascript": Grammar("tree_sitter_javascript"),
    "typescript": Grammar("tree_sitter_typescript", "language_typescript"),
    "typescriptreact": Grammar("tree_sitter_typescript", "language_tsx"),
    "go": Grammar("tree_sitter_go"),
    "rust": Grammar("tree_sitter_rust"),
    "java": Grammar("tree_sitter_java"),
    "c": Grammar("tree_sitter_c"),
    "cpp": Grammar("tree_sitter_cpp"),
    "csharp": Grammar("tree_sitter_c_sharp"),
    "ruby": Grammar("tree_sitter_ruby"),
    "php": Grammar("tree_sitter_php", "language_php"),
    "lua": Grammar("tree_sitter_lua"),
    "shellscript": Grammar("tree_sitter_bash"),
    "html": Grammar("tree_sitter_html"),
    "css": Grammar("tree_sitter_css"),
    "json": Grammar("tree_sitter_json"),
    "jsonc": Grammar("tree_sitter_json"),
    "yaml": Grammar("tree_sitter_yaml"),
    "markdown": Grammar("tree_sitter_markdown"),
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COMMENTS = _words("""
    comment line_comment block_comment doc_comment html_comment hash_bang_line
""")
STRINGS = _words("""
    string string_literal raw_string_literal template_string string_value char_literal
    character_literal interpreted_string_literal rune_literal text_block encapsed_string
    shell_command_expression heredoc nowdoc heredoc_body raw_string ansi_c_string
    translated_string verbatim_string_literal interpolated_string_expression string_array
    symbol_array subshell_string regex regex_literal quoted_attribute_value double_quote_scalar
    single_quote_scalar block_scalar system_lib_string character
""")
"""The grammar's nodes whose inside is text and not code."""
CODE_IN_STRINGS = _words("""
    interpolation template_substitution string_interpolation expansion command_substitution
    simple_expansion variable_name dynamic_variable_name
""")
"""The nodes inside a string that are code again."""
APOSTROPHE_IS_NO_QUOTE = frozenset({"rust"})
"""Languages in which an apostrophe alone begins a name, too."""

BLOCKS = _words("""
    block statement_block compound_statement declaration_list field_declaration_list class_body
    interface_body enum_body object_type constructor_body switch_body switch_block match_block
    enum_variant_list enum_member_declaration_list enumerator_list enum_declaration_list
    accessor_list match_arm_block annotation_type_body interface_type struct_type module_body
    switch_statement_body initializer_list field_initializer_list literal_value body_statement
    block_body do_block do_group begin_block then else case_block object array list dictionary set
    table_constructor table element script_element style_element array_creation_expression
    block_mapping block_sequence flow_mapping flow_sequence section fenced_code_block list_item
    keyframe_block_list code_block
""")
"""The nodes that hold what a pair of braces, an indentation or a pair of words encloses."""
KINDS: Mapping[Kind, str] = {
    "argument": """argument_list arguments argument token_tree type_arguments template_argument_list
        attribute""",
    "parameter": """parameters parameter_list formal_parameters method_parameters block_parameters
        lambda_parameters closure_parameters type_parameters""",
    "import": """import_statement import_from_statement future_import_statement import_declaration
        import_spec import_spec_list import_clause use_declaration use_list preproc_include
        using_directive namespace_use_declaration include_expression require_expression""",
    "expression": """call call_expression binary_operator binary_expression boolean_operator
        comparison_operator unary_operator not_operator attribute_access member_expression
        field_expression selector_expression subscript subscript_expression index_expression
        conditional_expression ternary_expression lambda arrow_function closure_expression
        method_invocation invocation_expression macro_invocation object_creation_expression
        new_expression await_expression await list_comprehension dictionary_comprehension
        generator_expression parenthesized_expression function_call method_call scoped_identifier
        composite_literal pair""",
    "statement": """expression_statement return_statement if_statement for_statement while_statement
        with_statement try_statement raise_statement assert_statement throw_statement
        switch_statement match_statement assignment augmented_assignment lexical_declaration
        variable_declaration local_variable_declaration short_var_declaration let_declaration
        assignment_statement function_definition class_definition function_declaration
        class_declaration method_definition method_declaration decorated_definition function_item
        struct_item enum_item impl_item trait_item struct_specifier class_specifier
        type_declaration const_declaration declaration field_declaration command method class
        module rule_set""",
}
"""Names for metrics, and the grammars' names that they stand for; blocks, comments and strings
come from their own tables."""
KIND_OF: Mapping[str, Kind] = {
    **{node: kind for kind, nodes in KINDS.items() for node in nodes.split()},
    **dict.fromkeys(BLOCKS, "block"),
}
